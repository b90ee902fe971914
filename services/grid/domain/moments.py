"""When a rule holds: on which days, between which times of day, or outside a department's shifts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.kernel.clock import SHANGHAI
from services.kernel.worktime.calendars import DAY, Calendar, DayKind, DayName, NationalCalendar, OutOfCalendar

MIDNIGHT = 24 * 60
"""The end of a day, in minutes after its begin."""
CalendarOf = Callable[[str], Calendar]
"""The calendar of a department."""

_WEEKDAYS = tuple(DayName)[4:]
_NAMED = {
    DayKind.WORKDAY: (DayName.WORKDAYS,),
    DayKind.WEEKEND: (DayName.WEEKENDS,),
    DayKind.HOLIDAY: (DayName.HOLIDAYS,),
    DayKind.MAKE_UP_DAY: (DayName.WORKDAYS, DayName.MAKE_UP_DAYS),
}
_DAYS = {
    DayName.WORKDAYS: ("工作日", "workdays"),
    DayName.WEEKENDS: ("周末", "weekends"),
    DayName.HOLIDAYS: ("节假日", "holidays"),
    DayName.MAKE_UP_DAYS: ("调休上班日", "make-up days"),
    DayName.MONDAY: ("周一", "Mondays"),
    DayName.TUESDAY: ("周二", "Tuesdays"),
    DayName.WEDNESDAY: ("周三", "Wednesdays"),
    DayName.THURSDAY: ("周四", "Thursdays"),
    DayName.FRIDAY: ("周五", "Fridays"),
    DayName.SATURDAY: ("周六", "Saturdays"),
    DayName.SUNDAY: ("周日", "Sundays"),
}


@dataclass(frozen=True, slots=True)
class When:
    """All that is said must hold; what is empty holds always.

    `start` and `end` are minutes after midnight in Asia/Shanghai; an end that is not after its start is on the next
    day, and the window belongs to the day on which it begins. `off_duty` is a department, by code or by what codes
    end with: the rule holds outside its shifts.
    """

    days: tuple[DayName, ...] = ()
    start: int = 0
    end: int = MIDNIGHT
    off_duty: str = ""

    @property
    def always(self) -> bool:
        """Nothing is said."""
        return self == When()

    def holds(self, at: datetime, county: str, calendar_of: CalendarOf) -> bool | None:
        """Whether it holds at a moment in a county; None where the calendar does not say what day it is."""
        try:
            return self._in_window(at, calendar_of) and self._off_duty(at, county, calendar_of)
        except OutOfCalendar:
            return None

    def words(self, language: str) -> str:
        """As people say it, with what it is; empty where nothing is said."""
        english = language == "en"
        days = (", " if english else "、").join(_DAYS[each][english] for each in self.days)
        window = "" if (self.start, self.end) == (0, MIDNIGHT) else f"{_clock(self.start)}-{_clock(self.end)}"
        at, off_duty = ("at", "outside the shifts of {}") if english else ("时间", "{} 班次以外")
        said = " ".join(filter(None, (days, window)))
        parts = (f"{at} {said}" if said else "", off_duty.format(self.off_duty) if self.off_duty else "")
        return (", " if english else "，").join(filter(None, parts))

    def _in_window(self, at: datetime, calendar_of: CalendarOf) -> bool:
        local = at.astimezone(SHANGHAI)
        minute, today = local.hour * 60 + local.minute, local.date()
        over_midnight = self.end <= self.start
        if minute >= self.start and (over_midnight or minute < self.end):
            return self._on(today, calendar_of)
        return over_midnight and minute < self.end and self._on(today - timedelta(days=1), calendar_of)

    def _on(self, day: date, calendar_of: CalendarOf) -> bool:
        return not self.days or bool(set(self.days) & set(_names(day, calendar_of("").national)))

    def _off_duty(self, at: datetime, county: str, calendar_of: CalendarOf) -> bool:
        if not self.off_duty:
            return True
        calendar, today = calendar_of(department_in(county, self.off_duty)), at.astimezone(SHANGHAI).date()
        # A shift of the day before may run past midnight.
        spans = [span for day in (today - DAY, today) for span in _spans(calendar, day, needed=day == today)]
        return not any(begin <= at < end for begin, end in spans)


def department_in(region: str, named: str) -> str:
    """The department's code: as it is named, or of the region's county where only what it ends with is."""
    return named if "-" in named else f"{region[:6]}-{named}"


def _names(day: date, national: NationalCalendar) -> tuple[DayName, ...]:
    kind = national.kind(day)
    single = (_WEEKDAYS[day.weekday()],) if kind in (DayKind.WORKDAY, DayKind.WEEKEND) else ()
    return (*single, *_NAMED[kind])


def _spans(calendar: Calendar, day: date, *, needed: bool) -> tuple[tuple[datetime, datetime], ...]:
    try:
        return calendar.day(day).spans
    except OutOfCalendar:
        if needed:
            raise
        return ()


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
