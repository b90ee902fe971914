"""Regions (行政区划): city, county, township, village and grid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.kernel.regions import Level

GRIDS_PER_VILLAGE = 3


@dataclass(frozen=True, slots=True)
class Region:
    """A region. `parent_code` is empty for the city; without `valid_from` and `valid_until` the code is in force."""

    code: str
    level: Level
    parent_code: str
    name: str
    generated: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """The code may be used at this moment."""
        begun = self.valid_from is None or self.valid_from <= now
        return begun and (self.valid_until is None or now < self.valid_until)


def grids_of(village: Region) -> tuple[Region, ...]:
    """The unit grids (单元网格) of a village: generated, since no official list is open, and marked so."""
    return tuple(
        Region(f"{village.code}{n:03}", Level.GRID, village.code, f"{village.name}第{n}网格", generated=True)
        for n in range(1, GRIDS_PER_VILLAGE + 1)
    )
