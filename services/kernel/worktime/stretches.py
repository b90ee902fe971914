"""Time as it counts for a term: stretch after stretch, each with why it counts or does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from services.kernel.clock import shanghai_day
from services.kernel.worktime.calendars import DAY, Calendar, Day, DayKind, OutOfCalendar
from services.kernel.worktime.terms import FAR, HOUR_US, Pause, Term, Unit


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
