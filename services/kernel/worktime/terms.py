"""Terms: limits that run, from a beginning on, by a calendar, with pauses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import isfinite
from typing import NamedTuple

from services.kernel.worktime.calendars import Calendar

FAR = datetime.max.replace(tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR_US = 3_600_000_000


class Unit(StrEnum):
    """In what a limit is counted."""

    CLOCK_HOUR = "CLOCK_HOUR"
    WORKING_HOUR = "WORKING_HOUR"
    WORKING_DAY = "WORKING_DAY"


_LIMIT = re.compile(r"([0-9]+(?:\.[0-9]+)?) (clock|working) (hour|day)s?")


@dataclass(frozen=True, slots=True)
class Limit:
    """So many units. ValueError for a number that is none, or not more than 0."""

    amount: float
    unit: Unit = Unit.CLOCK_HOUR

    def __post_init__(self) -> None:
        if not isfinite(self.amount) or self.amount <= 0:
            raise ValueError("must be more than 0")

    @classmethod
    def parse(cls, text: str) -> Limit:
        """A limit as people write it: `4 working hours`, `2 working days`, `24 clock hours`. ValueError for others."""
        found = _LIMIT.fullmatch(text.strip())
        name = f"{found[2]}_{found[3]}".upper() if found else ""
        if found is None or name not in tuple(Unit):
            raise ValueError("must be a number of clock hours, working hours or working days, such as 2 working days")
        return cls(float(found[1]), Unit(name))

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit.replace('_', ' ').lower()}{'' if self.amount == 1 else 's'}"


class Pause(NamedTuple):
    """Time that does not count (挂账), and why; `end` is None while it lasts."""

    begin: datetime
    end: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Term:
    """A limit that began at a moment under a calendar. `extension`: units that were granted on top (延期)."""

    limit: Limit
    begin: datetime
    calendar: Calendar = field(default_factory=Calendar)
    """Not asked where the unit is a clock hour."""
    pauses: tuple[Pause, ...] = ()
    extension: float = 0

    @property
    def whole(self) -> Fraction:
        """All units that there are."""
        return Fraction(self.limit.amount) + Fraction(self.extension)
