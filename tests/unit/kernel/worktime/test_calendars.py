"""Which days are worked: the project's own data, and what becomes of shifts."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from services.kernel.worktime.calendars import (
    Calendar,
    DayKind,
    DayName,
    NationalCalendar,
    OutOfCalendar,
    Shifts,
    Span,
)
from tests.unit.kernel.worktime.samples import NATIONAL, NIGHT, OFFICE, SINCE, at, calendar, clock


def test_the_saturday_before_the_spring_festival_is_worked() -> None:
    assert NATIONAL.kind(date(2026, 2, 14)) is DayKind.MAKE_UP_DAY
    assert NATIONAL.kind(date(2026, 2, 15)) is DayKind.HOLIDAY
    assert NATIONAL.kind(date(2026, 2, 21)) is DayKind.HOLIDAY, "a Saturday within it"
    assert NATIONAL.kind(date(2026, 3, 7)) is DayKind.WEEKEND
    assert NATIONAL.kind(date(2026, 3, 6)) is DayKind.WORKDAY


@pytest.mark.parametrize("year", sorted(NATIONAL.years))
def test_our_days_are_those_that_others_know(year: int) -> None:
    day, differing = date(year, 1, 1), []
    while day.year == year:
        worked = NATIONAL.kind(day) in (DayKind.WORKDAY, DayKind.MAKE_UP_DAY)
        if worked != chinese_calendar.is_workday(day):
            differing.append(day)
        day += timedelta(days=1)
    assert differing == []


def test_another_year_is_not_known() -> None:
    with pytest.raises(OutOfCalendar):
        NATIONAL.kind(date(2027, 1, 1))


def test_shifts_change_with_the_day_from_which_they_hold() -> None:
    summer = Shifts(date(2026, 6, 1), {DayName.WORKDAYS: clock("08:30-12:00", "14:00-18:00")})
    changing = Calendar.of(NATIONAL, [summer, *OFFICE.shifts])
    assert changing.day(date(2026, 5, 29)).spans[-1][1] == at("2026-05-29 17:30")
    assert changing.day(date(2026, 6, 1)).spans[-1][1] == at("2026-06-01 18:00")
    with pytest.raises(OutOfCalendar):
        Calendar.of(NATIONAL, [summer]).day(date(2026, 5, 29))


def test_a_single_weekday_goes_before_workdays_and_weekends() -> None:
    friday = calendar(workdays=("09:00-17:00",), friday=("09:00-12:00",), saturday=("09:00-10:00",))
    lengths = [friday.day(date(2026, 3, day)).working_us // 3_600_000_000 for day in (5, 6, 7, 8)]
    assert lengths == [8, 3, 1, 0]
    # A make-up Saturday is a workday, not a Saturday; a holiday on a Friday is no Friday.
    assert friday.day(date(2026, 2, 14)).working_us == 8 * 3_600_000_000
    assert friday.day(date(2026, 5, 1)).spans == ()


def test_a_shift_of_the_night_before_goes_before_one_that_begins() -> None:
    overlapping = calendar(workdays=("22:00-06:00",), saturday=("05:00-09:00",))
    assert overlapping.day(date(2026, 3, 7)).spans == ((at("2026-03-07 06:00"), at("2026-03-07 09:00")),)
    assert NIGHT.day(date(2024, 1, 2)).spans == ((at("2024-01-02 22:00"), at("2024-01-03 06:00")),)


@pytest.mark.parametrize(
    ("spans", "fault"),
    [
        ({DayName.WORKDAYS: (Span(0, 60), Span(30, 90))}, "overlap"),
        ({DayName.WORKDAYS: (Span(60, 60),)}, "24 hours"),
        ({DayName.WORKDAYS: (Span(60, 60 + 1441),)}, "24 hours"),
        ({DayName.MONDAY: (Span(0, 60),)}, "make-up"),
    ],
)
def test_shifts_that_make_no_sense_are_refused(spans: dict[DayName, tuple[Span, ...]], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Shifts(SINCE, spans)


def test_a_calendar_without_years_knows_no_day() -> None:
    with pytest.raises(OutOfCalendar):
        Calendar.of(NationalCalendar(), OFFICE.shifts).day(date(2026, 3, 6))
