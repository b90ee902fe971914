"""How long each step of an incident may take, and who is told when it takes longer. Clock hours; working time later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from services.kernel import regions


class Level(StrEnum):
    """A level of the city, from the lowest. Only the levels above the grid are told."""

    GRID = "GRID"
    VILLAGE = "VILLAGE"
    TOWNSHIP = "TOWNSHIP"
    COUNTY = "COUNTY"
    CITY = "CITY"

    @property
    def above(self) -> Level:
        """The next level up; the city itself at the top."""
        order = list(Level)
        return order[min(order.index(self) + 1, len(order) - 1)]

    def region_of(self, code: str) -> str:
        """The region of this level around a region: its own code where that is no lower."""
        if self is Level.CITY:
            return f"{regions.county_of(code)[:4]}00"
        return code[: _LENGTHS[self]]


_LENGTHS = {Level.GRID: 15, Level.VILLAGE: 12, Level.TOWNSHIP: 9, Level.COUNTY: 6}


def supervisor_of(centre: str, region: str, level: Level) -> str:
    """Department code of a level's grid centre: the county's with the region changed, such as `371102001-ZHZX`."""
    return f"{level.region_of(region)}-{centre.partition('-')[2]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each step may take. Handling is set by dispatch rules; `handle` is for where none says."""

    dispatch: timedelta = timedelta(hours=24)
    """By the grid centre, from filing, return or reopening."""
    accept: timedelta = timedelta(hours=24)
    """By the department, from dispatch; never longer than the time for handling."""
    handle: timedelta = timedelta(hours=72)
    """By the department, from dispatch or from a rework order."""
    verify: timedelta = timedelta(hours=24)
    """By the grid centre, from the report that it is handled."""
    close: timedelta = timedelta(hours=24)
    """By the grid centre, from verification."""
    escalate: timedelta = timedelta(hours=24)
    """How long a level that was told waits before the next one is."""
    reopen: timedelta = timedelta(days=15)
    """How long after the close the reporter may reopen."""
