"""How long each step of an incident may take, and who is told when it takes longer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.grid.domain.clocks import SOON, Clock, ClockKind, first_to_end
from services.grid.domain.reference import IsDepartment, any_code
from services.kernel import regions
from services.kernel.worktime.calendars import Calendar, OutOfCalendar
from services.kernel.worktime.reckoning import moment_at, warnings
from services.kernel.worktime.reminders import Reminders
from services.kernel.worktime.terms import Limit


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

    @classmethod
    def at(cls, code: str) -> Level:
        """The level of a region."""
        if len(code) == _LENGTHS[cls.COUNTY] and code.endswith("00"):
            return cls.CITY
        return next((level for level, length in _LENGTHS.items() if length == len(code)), cls.GRID)

    def region_of(self, code: str) -> str:
        """The region of this level around a region: its own code where that is no lower."""
        if self is Level.CITY:
            return f"{regions.county_of(code)[:4]}00"
        return code[: _LENGTHS[self]]


_LENGTHS = {Level.GRID: 15, Level.VILLAGE: 12, Level.TOWNSHIP: 9, Level.COUNTY: 6}


class Mark(NamedTuple):
    """A moment at which the limit of a clock has passed once, twice or three times."""

    at: datetime
    times: int
    clock: ClockKind


class Told(NamedTuple):
    """A grid centre, and of which level it is."""

    level: Level
    centre: str


CentreOf = Callable[[str], str]
"""Department code of the grid centre of a region itself; empty where none is on record."""


def lowest_centre(region: str, level: Level, centre_of: CentreOf) -> Told | None:
    """The lowest grid centre on record that answers for a region, of this level or above; None where there is none."""
    for each in list(Level)[list(Level).index(level) :]:
        place = each.region_of(region)
        if centre := centre_of(place):
            return Told(Level.at(place), centre)
    return None


def coordinator_of(region: str, departments: Iterable[str], centre_of: CentreOf) -> str:
    """Department code of the lowest grid centre on record that these departments are below; empty where none is.

    All of them work for the incident's `region`, so that the region of one of them holds those of the others.
    """
    widest = min((each.partition("-")[0] for each in departments), key=lambda code: len(regions.scope_prefix(code)))
    found = lowest_centre(region, Level.at(widest), centre_of)
    return found.centre if found else ""


def is_centre(department: str, centre_of: CentreOf) -> bool:
    """It is a grid centre on record."""
    return bool(department) and centre_of(department.partition("-")[0]) == department


def first_told(holder: str, centre_of: CentreOf) -> Level:
    """The lowest level whose grid centre is above whoever holds an incident.

    A department answers to the grid centre of its own level, a grid centre to that of the next one. None is above the
    city's: it reminds itself.
    """
    own = Level.at(holder.partition("-")[0])
    return own.above if own is Level.GRID or is_centre(holder, centre_of) else own


def _no_centre(region: str) -> str:
    return ""


def _no_calendar(department: str) -> Calendar:
    return Calendar()


_HOUR = timedelta(hours=1)
_ONE_DAY, _THREE_DAYS = Limit(24), Limit(72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each step may take. Handling is set by dispatch rules; `handle` is for where none says."""

    check: Limit = _ONE_DAY
    """By the grid centre, on site, from a report by the public or an objection."""
    file: Limit = _ONE_DAY
    """By the grid centre, from the check on site: filed or not."""
    dispatch: Limit = _ONE_DAY
    """By the grid centre, from filing, return or reopening."""
    accept: Limit = _ONE_DAY
    """By the department, from dispatch; never longer than the time for handling."""
    handle: Limit = _THREE_DAYS
    """By the department, from dispatch or from a rework order."""
    decide: Limit = _ONE_DAY
    """By the grid centre, from the request for a hold or an extension."""
    verify: Limit = _ONE_DAY
    """By the grid centre, from the report that it is handled."""
    close: Limit = _ONE_DAY
    """By the grid centre, from verification."""
    escalate: timedelta = timedelta(hours=24)
    """How long a level that was told waits before the next one is, at most; the city at first."""
    reopen: timedelta = timedelta(days=15)
    """How long after the close the reporter may reopen and rate, after the decision object."""
    calendar_of: Callable[[str], Calendar] = _no_calendar
    """The calendar of a department; asked only for limits in working time."""
    centre_of: CentreOf = _no_centre
    """The grid centres on record."""
    is_department: IsDepartment = any_code
    """The departments on record."""

    def begin(self, kind: ClockKind, department: str, limit: Limit, now: datetime) -> Clock:
        """A department's clock for a step begins."""
        return self.reckoned(Clock(kind=kind, department=department, limit=limit, begun_at=now, due_at=now))

    def reckoned(self, clock: Clock) -> Clock:
        """The clock with its end by the calendar of today."""
        return clock.reckoned(self.calendar(clock))

    def of(self, kind: ClockKind) -> Limit:
        """What a clock of this kind has where nothing else says."""
        named: Limit = getattr(self, kind.lower())
        return named

    def calendar(self, clock: Clock) -> Calendar:
        """What the clock runs by."""
        return self.calendar_of(clock.department) if clock.by_calendar else Calendar()

    def soon(self, clock: Clock) -> datetime | None:
        """When most of its time is used; None where the calendar ends before."""
        try:
            return moment_at(clock.term(self.calendar(clock)), SOON)
        except OutOfCalendar:
            return None

    def next_told(self, clock: Clock) -> datetime:
        """When somebody is told next of a clock beside that of the step: soon, at its end, then as the city is."""
        soon = self.soon(clock)
        if clock.told_at is None and soon:
            return soon
        if clock.told_at is None or clock.told_at < clock.due_at:
            return clock.due_at
        return self.patience(Level.CITY, (clock,), clock.told_at)

    def marks(self, clocks: Iterable[Clock]) -> list[Mark]:
        """When the limit of each clock that runs has passed once, twice and three times, as far as that is known."""
        going = (each for each in clocks if each.running and not each.paused)
        # Its end as it is kept: a limit that is no whole number of units may pass a microsecond after it.
        return [
            Mark(each.due_at if share == 1 else at, int(share), each.kind)
            for each in going
            for share, at in warnings(each.term(self.calendar(each))).items()
            if share >= 1
        ]

    def passed(self, clocks: Iterable[Clock], now: datetime) -> Mark | None:
        """The mark that was passed last; None where nothing is late."""
        return max((mark for mark in self.marks(clocks) if mark.at <= now), default=None)

    def patience(self, level: Level, clocks: Iterable[Clock], now: datetime) -> datetime:
        """Until when a level waits that is told now: until the next mark of a clock that runs, or for so long.

        So a limit of hours goes up within hours, and one of weeks every day. The city, which nobody is above, is
        reminded as often, and later more seldom (`Reminders`).
        """
        clocks = tuple(clocks)
        first, at_most = first_to_end(clocks), now + self.escalate
        if level is Level.CITY and first:
            at_most = Reminders.every(Limit(self.escalate / _HOUR)).next(first.due_at, now, Calendar())
        return min([at_most, *(mark.at for mark in self.marks(clocks) if mark.at > now)])
