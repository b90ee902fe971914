"""Terms: limits that run. When they end, how much of them is used, when to warn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil, isfinite
from typing import NamedTuple

from services.kernel.clock import shanghai_day
from services.kernel.worktime.calendars import DAY, Calendar, Day, DayKind, OutOfCalendar, midnight

FAR = datetime.max.replace(tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR_US = 3_600_000_000
WARNINGS = (Fraction(4, 5), Fraction(1), Fraction(2), Fraction(3))
"""At which shares of a limit somebody is warned: before its end, at its end, and again and again after it."""


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


class Reason(StrEnum):
    """Why time counted, or did not."""

    CLOCK_TIME = "CLOCK_TIME"
    WORKING_TIME = "WORKING_TIME"
    MAKE_UP_DAY = "MAKE_UP_DAY"
    """Working time of a weekend that is worked in exchange for a holiday."""
    OFF_HOURS = "OFF_HOURS"
    """Night or break of a day that is worked."""
    WEEKEND = "WEEKEND"
    HOLIDAY = "HOLIDAY"
    FIRST_DAY = "FIRST_DAY"
    """The day on which a limit in working days begins."""
    PAUSE = "PAUSE"
    BEYOND_CALENDAR = "BEYOND_CALENDAR"
    """The calendar ends before."""
    CORRECTED = "CORRECTED"
    """Counted by a calendar that was corrected since, or not counted by it. No interval: a difference."""


class Stretch(NamedTuple):
    """Time of one kind. `unit_us`: microseconds of it that make a unit; 0 where it does not count."""

    start: datetime
    end: datetime
    reason: Reason
    unit_us: int
    note: str = ""


class Due(NamedTuple):
    """When a term ends. `known` is False where the calendar ends before: then it is where the calendar ends."""

    at: datetime
    known: bool


def due(term: Term) -> datetime | None:
    """The first moment at which all of it is used; None while a pause lasts. Raises OutOfCalendar."""
    return moment_at(term, Fraction(1))


def due_or_horizon(term: Term) -> Due | None:
    """When it ends, or else where the calendar does, though not before it began; None while a pause lasts."""
    try:
        at = due(term)
    except OutOfCalendar as ends:
        return Due(max(term.begin, midnight(ends.day)), known=False)
    return Due(at, known=True) if at else None


def moment_at(term: Term, share: Fraction) -> datetime | None:
    """The first moment at which this share is used; None when a pause that lasts comes first. Raises OutOfCalendar."""
    left, unit_us, passed_us, wanted_us = term.whole * share, 1, 0, 0
    for stretch in stretches(term):
        if not stretch.unit_us:
            continue
        if stretch.unit_us != unit_us:
            # Whole numbers for as long as units are equally long: fractions of them cost most of the time.
            left -= Fraction(passed_us, unit_us)
            unit_us, passed_us = stretch.unit_us, 0
            wanted_us = ceil(left * unit_us)
        lasts_us = (stretch.end - stretch.start) // MICROSECOND
        if passed_us + lasts_us >= wanted_us:
            return stretch.start + (wanted_us - passed_us) * MICROSECOND
        passed_us += lasts_us
    return None


def spent(term: Term, at: datetime) -> Fraction:
    """Units that have passed at a moment. Raises OutOfCalendar."""
    units = Fraction()
    for stretch in stretches(term):
        if stretch.start >= at:
            break
        if stretch.unit_us:
            units += Fraction((min(stretch.end, at) - stretch.start) // MICROSECOND, stretch.unit_us)
    return units


def used(term: Term, at: datetime) -> Fraction:
    """The share that is used at a moment, from 0 on; above 1 it is overdue. Raises OutOfCalendar."""
    return spent(term, at) / term.whole


def warnings(term: Term) -> dict[Fraction, datetime]:
    """When to warn, by share; those that a lasting pause or the end of the calendar hides are left out."""
    known: dict[Fraction, datetime] = {}
    for share in WARNINGS:
        try:
            at = moment_at(term, share)
        except OutOfCalendar:
            break
        if at is not None:
            known[share] = at
    return known


def stretches(term: Term) -> Iterator[Stretch]:
    """All time from the beginning on, without gap or overlap; ends only with a pause that lasts.

    Raises OutOfCalendar when the next stretch lies outside.
    """
    clock_time = Stretch(term.begin, FAR, Reason.CLOCK_TIME, HOUR_US)
    plain = iter((clock_time,)) if term.limit.unit is Unit.CLOCK_HOUR else _working(term)
    return _paused(plain, _in_order(term.pauses)) if term.pauses else plain


def _working(term: Term) -> Iterator[Stretch]:
    """The days of the department, cut where working time begins and ends."""
    at, first = term.begin, shanghai_day(term.begin)
    in_days = term.limit.unit is Unit.WORKING_DAY
    # A shift of the day before may not be over yet.
    on = first - DAY if _knows(term.calendar, first - DAY) else first
    while True:
        day = term.calendar.day(on)
        counts = not in_days or on > first
        unit_us = day.working_us if in_days else HOUR_US
        for start, end in day.spans:
            if end > at:
                if start > at:
                    yield Stretch(at, start, _free(day, counts), 0)
                yield Stretch(max(at, start), end, *(_worked(day, unit_us) if counts else (Reason.FIRST_DAY, 0)))
                at = end
        if at < day.end:
            yield Stretch(at, day.end, _free(day, counts), 0)
            at = day.end
        on += DAY


def _knows(calendar: Calendar, day: date) -> bool:
    try:
        return bool(calendar.day(day))
    except OutOfCalendar:
        return False


def _worked(day: Day, unit_us: int) -> tuple[Reason, int]:
    return (Reason.MAKE_UP_DAY if day.kind is DayKind.MAKE_UP_DAY else Reason.WORKING_TIME), unit_us


def _free(day: Day, counts: bool) -> Reason:
    if day.kind in (DayKind.WEEKEND, DayKind.HOLIDAY):
        return Reason[day.kind]
    return Reason.OFF_HOURS if counts else Reason.FIRST_DAY


def _in_order(pauses: Iterable[Pause]) -> list[tuple[datetime, datetime, str]]:
    """Pauses by their beginning; of two that overlap the earlier goes on."""
    ordered: list[tuple[datetime, datetime, str]] = []
    for begin, end, reason in sorted(pauses, key=lambda pause: pause.begin):
        start, end = max(begin, ordered[-1][1] if ordered else begin), end or FAR
        if start < end:
            ordered.append((start, end, reason))
    return ordered


def _paused(plain: Iterator[Stretch], pauses: list[tuple[datetime, datetime, str]]) -> Iterator[Stretch]:
    """The stretches with pauses laid over them."""
    for stretch in plain:
        at = stretch.start
        for begin, end, reason in pauses:
            if at < end and begin < stretch.end:
                if begin > at:
                    yield stretch._replace(start=at, end=begin)
                    at = begin
                if end is FAR:
                    yield Stretch(at, FAR, Reason.PAUSE, 0, reason)
                    return
                yield Stretch(at, min(end, stretch.end), Reason.PAUSE, 0, reason)
                at = min(end, stretch.end)
        if at < stretch.end:
            yield stretch._replace(start=at)
