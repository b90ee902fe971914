"""Calendars: which days are worked, and in which shifts. Data, versioned by the days they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from services.kernel.clock import SHANGHAI

DAY = timedelta(days=1)
MINUTES_OF_A_DAY = 24 * 60
MINUTE_US = 60_000_000


class OutOfCalendar(Exception):
    """The calendar says nothing of this day: its year is not there, or the department's shifts begin later."""

    def __init__(self, day: date) -> None:
        super().__init__(f"the calendar says nothing of {day}")
        self.day = day


class DayKind(StrEnum):
    """What a day is by the State Council's word."""

    WORKDAY = "WORKDAY"
    WEEKEND = "WEEKEND"
    HOLIDAY = "HOLIDAY"
    MAKE_UP_DAY = "MAKE_UP_DAY"
    """A Saturday or Sunday that is worked in exchange for a holiday (调休上班)."""


class DayName(StrEnum):
    """By what a shift names its days. A single weekday goes before workdays and weekends."""

    WORKDAYS = "workdays"
    """Monday to Friday without holidays; make-up days too, where these are not named."""
    WEEKENDS = "weekends"
    HOLIDAYS = "holidays"
    MAKE_UP_DAYS = "make_up_days"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEKDAYS = list(DayName)[4:]
# The names that may speak of a day; the first that does decides.
_NAMES = {
    DayKind.HOLIDAY: (DayName.HOLIDAYS,),
    DayKind.MAKE_UP_DAY: (DayName.MAKE_UP_DAYS, DayName.WORKDAYS),
    DayKind.WORKDAY: (DayName.WORKDAYS,),
    DayKind.WEEKEND: (DayName.WEEKENDS,),
}


@dataclass(frozen=True, slots=True)
class NationalCalendar:
    """Holidays and make-up days of the years that were announced; of other years nothing is known."""

    years: frozenset[int] = frozenset()
    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def kind(self, day: date) -> DayKind:
        """What the day is. Raises OutOfCalendar in a year that is not known."""
        if day.year not in self.years:
            raise OutOfCalendar(day)
        if day in self.holidays:
            return DayKind.HOLIDAY
        if day.weekday() < 5:
            return DayKind.WORKDAY
        return DayKind.MAKE_UP_DAY if day in self.make_up_days else DayKind.WEEKEND


class Span(NamedTuple):
    """Working time of a day, in minutes after its midnight. Past 1,440 it runs into the next day."""

    start: int
    end: int


class ShiftsWrong(ValueError):
    """Spans that are no shifts; `rule` is which rule they break."""

    def __init__(self, rule: str, words: str) -> None:
        super().__init__(words)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Shifts:
    """When a department works, from a day on; days that no name speaks of are free.

    Raises ShiftsWrong for spans that overlap or are not in order, and where nothing is said of make-up days.
    """

    since: date
    spans: Mapping[DayName, tuple[Span, ...]]

    def __post_init__(self) -> None:
        for spans in self.spans.values():
            if any(one.end > other.start for one, other in pairwise(spans)):
                raise ShiftsWrong("shifts_overlap", "the spans of a day overlap")
            if any(not 0 <= start < MINUTES_OF_A_DAY or not start < end <= start + MINUTES_OF_A_DAY
                   for start, end in spans):  # fmt: skip
                raise ShiftsWrong("shifts_too_long", "a span begins within its day and lasts 24 hours at most")
        if not self.spans.keys() & {DayName.WORKDAYS, DayName.MAKE_UP_DAYS}:
            raise ShiftsWrong("shifts_no_make_up_days", "nothing is said of make-up days")

    def of(self, day: date, kind: DayKind) -> tuple[Span, ...]:
        """The spans of a day of this kind, in order."""
        single = () if kind in (DayKind.HOLIDAY, DayKind.MAKE_UP_DAY) else (_WEEKDAYS[day.weekday()],)
        for name in (*single, *_NAMES[kind]):
            if name in self.spans:
                return self.spans[name]
        return ()

    @property
    def past_midnight(self) -> bool:
        """Some shift runs into the next day."""
        return any(end > MINUTES_OF_A_DAY for spans in self.spans.values() for _, end in spans)


class Day(NamedTuple):
    """A day of a department: where it begins and ends, and its working time, in order and without overlap."""

    kind: DayKind
    begin: datetime
    end: datetime
    spans: tuple[tuple[datetime, datetime], ...]
    working_us: int
    """All of its working time, in microseconds."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The national calendar and a department's shifts together. Days are worked out once and kept."""

    national: NationalCalendar = NationalCalendar()
    shifts: tuple[Shifts, ...] = ()
    """By `since`."""
    past_midnight: bool = False
    """Some shift runs into the next day."""
    _days: dict[date, Day] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, national: NationalCalendar, shifts: Iterable[Shifts]) -> Calendar:
        """A calendar of these shifts, in whatever order they come."""
        ordered = tuple(sorted(shifts, key=lambda each: each.since))
        return cls(national, ordered, any(each.past_midnight for each in ordered))

    def day(self, day: date) -> Day:
        """The department's day. Raises OutOfCalendar when the calendar says nothing of it."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._made(day)
        return found

    def _made(self, day: date) -> Day:
        begin, kind = midnight(day), self.national.kind(day)
        spans = self._shifts_of(day).of(day, kind)
        if self.past_midnight:
            # A shift of the day before that is not over yet goes before one that begins.
            free_from = max((end for _, end in self._before(day)), default=0) - MINUTES_OF_A_DAY
            spans = tuple(Span(max(start, free_from), end) for start, end in spans if end > free_from)
        moments = tuple((begin + timedelta(minutes=start), begin + timedelta(minutes=end)) for start, end in spans)
        working_us = sum(end - start for start, end in spans) * MINUTE_US
        return Day(kind, begin, begin + DAY, moments, working_us)

    def _before(self, day: date) -> tuple[Span, ...]:
        """The spans of the day before; none where the calendar begins."""
        before = day - DAY
        try:
            return self._shifts_of(before).of(before, self.national.kind(before))
        except OutOfCalendar:
            return ()

    def _shifts_of(self, day: date) -> Shifts:
        for shifts in reversed(self.shifts):
            if shifts.since <= day:
                return shifts
        raise OutOfCalendar(day)


def midnight(day: date) -> datetime:
    """The moment at which the day begins in Asia/Shanghai."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
