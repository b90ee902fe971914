"""The sample city's days and shifts, read once more, and when a limit has passed, counted piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from functools import cache
from math import ceil
from typing import NamedTuple

from tests.replay.recount_sheets import sheet

LOCAL = timezone(timedelta(hours=8))
HOUR, DAY, US = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
NEVER = datetime(2100, 1, 1, tzinfo=LOCAL)
Piece = tuple[datetime, datetime, timedelta]
"""Time that counts: from, until, and how much of it makes a unit."""


class Limit(NamedTuple):
    """So many clock hours, working hours or working days."""

    amount: float
    unit: str = "clock_hour"


@dataclass(frozen=True)
class Clock:
    """A department's time for something. `stood` are the times when it stood still, of which the last may last."""

    department: str
    limit: Limit
    begin: datetime
    due: datetime
    stood: tuple[tuple[datetime, datetime | None], ...] = ()
    extra: int = 0

    @property
    def still(self) -> bool:
        """It stands still."""
        return bool(self.stood) and self.stood[-1][1] is None

    def late(self, at: datetime) -> bool:
        """It was used up at a moment, or when it began to stand still."""
        return (self.stood[-1][0] if self.still else at) >= self.due


@dataclass
class Time:
    """The State Council's days and the departments' shifts."""

    _days: dict[date, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shifts = sheet("shifts.csv")
        for year in (2024, 2025, 2026):
            self._days |= {date.fromisoformat(row["day"]): row["kind"] for row in sheet(f"national_days_{year}.csv")}
        self.spans = cache(self._spans)

    def names(self, day: date) -> set[str]:
        """By what a rule may name a day."""
        weekday = day.strftime("%A").lower()
        kind = self._days.get(day)
        if kind == "holiday":
            return {"holidays"}
        if kind == "make_up_day":
            return {"workdays", "make_up_days"}
        return {weekday, "workdays" if day.weekday() < 5 else "weekends"}

    def begun(self, department: str, limit: Limit, begin: datetime) -> Clock:
        """A clock that begins."""
        return self.reckoned(Clock(department, limit, begin, begin))

    def reckoned(self, clock: Clock) -> Clock:
        """The clock with its end."""
        return replace(clock, due=self.due(clock))

    def due(self, clock: Clock, times: int = 1) -> datetime:
        """When so many times the limit has passed."""
        left = times * (Fraction(clock.limit.amount) + clock.extra)
        for start, end, unit in self._counted(clock):
            units = Fraction((end - start) // US, unit // US)
            if units >= left:
                return start + ceil(left * (unit // US)) * US
            left -= units
        raise AssertionError("it stands still")

    def _counted(self, clock: Clock) -> Iterator[Piece]:
        for start, end, unit in self._pieces(clock):
            for begin, over in clock.stood:
                assert over is not None, "it stands still"
                if start < over and begin < end:
                    if start < begin:
                        yield start, begin, unit
                    start = over
            if start < end:
                yield start, end, unit

    def _pieces(self, clock: Clock) -> Iterator[Piece]:
        """Before anything stood still."""
        if clock.limit.unit == "clock_hour":
            yield clock.begin, NEVER, HOUR
            return
        suffix, by_days = clock.department.split("-")[1], clock.limit.unit == "working_day"
        first = clock.begin.astimezone(LOCAL).date()
        day = first + DAY if by_days else first
        while True:
            spans = self.spans(suffix, day)
            unit = sum((end - start for start, end in spans), timedelta()) if by_days else HOUR
            yield from ((max(start, clock.begin), end, unit) for start, end in spans if end > clock.begin)
            day += DAY

    def _spans(self, suffix: str, day: date) -> list[tuple[datetime, datetime]]:
        """The shifts of a department on a day."""
        own = [each for each in self._shifts if each["department"] == suffix]
        used = own or [each for each in self._shifts if not each["department"]]
        names = self.names(day)
        return [(_at(day, each["start"]), _at(day, each["end"])) for each in used if each["days"] in names]


def _at(day: date, text: str) -> datetime:
    hour, minute = map(int, text.split(":"))
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL) + timedelta(hours=hour, minutes=minute)
