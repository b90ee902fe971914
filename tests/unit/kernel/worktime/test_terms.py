"""When limits end: by example, and by what holds for all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.clock import SHANGHAI
from services.kernel.worktime.calendars import Calendar, NationalCalendar, OutOfCalendar
from services.kernel.worktime.reckoning import Due, due, due_or_horizon, moment_at, spent, used, warnings
from services.kernel.worktime.terms import MICROSECOND, Limit, Pause, Term, Unit
from tests.unit.kernel.worktime import samples
from tests.unit.kernel.worktime.samples import ALWAYS, NIGHT, OFFICE, STREET, at, lengths, moments, paused_terms, term

# Friday 13 February 2026; Saturday 14 is worked, then the Spring Festival until Monday 23.
FRIDAY = "2026-02-13 15:00"


def ends(limited: Term) -> str:
    end = due(limited)
    assert end is not None
    return end.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("limit", "begin", "department", "end"),
    [
        # 私搭乱建: stop within 4 working hours, penalty 7 working days, demolition 20, elsewhere 15 in all.
        ("4 working hours", FRIDAY, OFFICE, "2026-02-14 10:00"),
        ("7 working days", FRIDAY, OFFICE, "2026-03-02 17:30"),
        ("20 working days", FRIDAY, OFFICE, "2026-03-19 17:30"),
        ("15 working days", "2026-01-05 09:00", OFFICE, "2026-01-26 17:30"),
        # 暴露垃圾: 4 working hours, or 1 working day; 积存渣土: 2 working days.
        ("4 working hours", "2026-03-04 16:00", OFFICE, "2026-03-05 11:00"),
        ("1 working day", "2026-03-04 08:30", OFFICE, "2026-03-05 17:30"),
        ("2 working days", "2026-03-06 17:29", OFFICE, "2026-03-10 17:30"),
        # 道路不洁: 2 working hours; 绿地养护: 5 working days; 水域不洁: 15.
        ("2 working hours", "2026-03-04 11:00", OFFICE, "2026-03-04 14:30"),
        ("5 working days", "2026-04-30 09:00", OFFICE, "2026-05-11 17:30"),
        ("15 working days", "2026-09-21 09:00", OFFICE, "2026-10-19 17:30"),
        # 12345: 2 h danger to life, 24 h water and power, then 7 days.
        ("2 clock hours", "2026-02-16 23:00", OFFICE, "2026-02-17 01:00"),
        ("24 clock hours", FRIDAY, OFFICE, "2026-02-14 15:00"),
    ],
)
def test_limits_in_use_in_chinese_cities(limit: str, begin: str, department: Calendar, end: str) -> None:
    assert ends(term(limit, begin, department)) == end


@pytest.mark.parametrize(
    ("limit", "begin", "department", "end"),
    [
        # Shifts at the weekend, and short ones on make-up days: a make-up day is one working day all the same.
        ("1 working day", FRIDAY, STREET, "2026-02-14 15:00"),
        ("8 working hours", FRIDAY, STREET, "2026-02-14 12:00"),
        # Across midnight: what is left of the night before, then the next night.
        ("6 working hours", "2026-03-04 02:00", NIGHT, "2026-03-05 00:00"),
        ("1 working day", "2026-03-04 02:00", NIGHT, "2026-03-06 06:00"),
        # Around the clock a working hour is a clock hour, and a working day ends at midnight.
        ("30 working hours", "2026-02-16 23:00", ALWAYS, "2026-02-18 05:00"),
        ("1 working day", "2026-02-16 23:00", ALWAYS, "2026-02-18 00:00"),
    ],
)
def test_departments_have_shifts_of_their_own(limit: str, begin: str, department: Calendar, end: str) -> None:
    assert ends(term(limit, begin, department)) == end


def test_a_pause_moves_the_end_by_the_working_time_that_it_took() -> None:
    pause = Pause(at("2026-03-05 16:00"), at("2026-03-06 10:00"), "AWAITS_PARTS")
    assert ends(term("2 working days", "2026-03-04 09:00")) == "2026-03-06 17:30"
    # Three of the 15 half hours of a working day.
    assert ends(term("2 working days", "2026-03-04 09:00", OFFICE, pause)) == "2026-03-09 11:30"


def test_time_stands_still_while_a_pause_lasts() -> None:
    held = term("2 clock hours", "2026-03-04 09:00", OFFICE, Pause(at("2026-03-04 10:00"), None, "WEATHER"))
    assert due(held) is None
    assert due_or_horizon(held) is None
    assert used(held, at("2027-01-01 00:00")) == Fraction(1, 2)
    assert warnings(held) == {}


def test_an_extension_is_granted_on_top() -> None:
    assert ends(term("2 working days", FRIDAY, extension=5)) == "2026-03-02 17:30"


def test_who_is_late_is_told_of_it_again_and_again() -> None:
    marks = warnings(term("10 clock hours", "2026-03-04 09:00"))
    assert [(float(share), moment) for share, moment in marks.items()] == [
        (0.8, at("2026-03-04 17:00")), (1, at("2026-03-04 19:00")), (2, at("2026-03-05 05:00")),
        (3, at("2026-03-05 15:00")),
    ]  # fmt: skip


def test_a_year_that_was_not_announced_is_not_guessed() -> None:
    late = term("5 working days", "2026-12-29 09:00")
    with pytest.raises(OutOfCalendar) as unknown:
        due(late)
    assert str(unknown.value.day) == "2027-01-01"
    assert due_or_horizon(late) == Due(at("2027-01-01 00:00"), known=False)
    assert list(warnings(term("2 working days", "2026-12-29 09:00"))) == [Fraction(4, 5), 1]
    # Known to the end of the year, which is all that it needs.
    assert ends(term("2 working days", "2026-12-29 09:00")) == "2026-12-31 17:30"


def test_where_nothing_is_known_a_limit_ends_where_it_begins_and_says_so() -> None:
    for nothing in (Calendar(), Calendar(samples.NATIONAL), Calendar(NationalCalendar(), OFFICE.shifts)):
        assert due_or_horizon(term("1 working day", FRIDAY, nothing)) == Due(at(FRIDAY), known=False)
    assert due(term("24 clock hours", FRIDAY, Calendar())) == at("2026-02-14 15:00")


@pytest.mark.parametrize("text", ["4 working hours", "1 working day", "24 clock hours", "0.5 clock hours"])
def test_a_limit_is_written_as_it_is_read(text: str) -> None:
    assert str(Limit.parse(text)) == text


@pytest.mark.parametrize("text", ["", "4", "4 hours", "2 clock days", "-1 working days", "0 working days", "nan days"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        Limit.parse(text)


def known_due(limited: Term) -> datetime:
    end = due(limited)
    assert end is not None
    return end


@given(paused_terms())
def test_at_its_end_all_of_it_is_used_and_just_before_not_yet(limited: Term) -> None:
    end = known_due(limited)
    # An end is a whole microsecond, rounded up.
    assert 0 <= spent(limited, end) - limited.whole < Fraction(1, 10**9)
    assert spent(limited, end - MICROSECOND) < limited.whole


@given(paused_terms(), moments, moments)
def test_what_is_used_never_grows_less(limited: Term, one: datetime, other: datetime) -> None:
    early, late = sorted((one, other))
    assert 0 <= used(limited, early) <= used(limited, late)


@given(paused_terms(), st.integers(1, 5))
def test_a_longer_limit_ends_later(limited: Term, more: int) -> None:
    longer = replace(limited, extension=limited.extension + more)
    assert known_due(longer) > known_due(limited)


@given(paused_terms(), lengths)
def test_what_begins_later_never_ends_earlier(limited: Term, later: timedelta) -> None:
    assert known_due(replace(limited, begin=limited.begin + later)) >= known_due(limited)


@given(samples.terms, st.integers(0, 60 * 24), lengths)
def test_a_pause_costs_exactly_the_time_that_it_would_have_counted(plain: Term, after: int, length: timedelta) -> None:
    begin = plain.begin + after * samples.MINUTE
    paused = replace(plain, pauses=(Pause(begin, begin + length, "WEATHER"),))
    later = known_due(paused) + timedelta(days=90)
    taken = spent(plain, begin + length) - spent(plain, begin)
    assert spent(plain, later) - spent(paused, later) == taken
    # Pauses one after the other are one pause.
    middle = begin + length / 2
    halves = (Pause(begin, middle, "WEATHER"), Pause(middle, begin + length, "AWAITS_PARTS"))
    assert due(replace(plain, pauses=halves)) == due(paused)


@given(paused_terms())
def test_warnings_come_in_order_and_the_second_is_the_end(limited: Term) -> None:
    marks = warnings(limited)
    assert list(marks.values()) == sorted(marks.values())
    assert marks[Fraction(1)] == due(limited)


@given(samples.terms.filter(lambda each: each.limit.unit is not Unit.WORKING_DAY))
def test_hours_are_exact(plain: Term) -> None:
    quarter = moment_at(plain, Fraction(1, 4))
    assert quarter is not None
    assert spent(plain, quarter) == plain.whole / 4


@given(samples.terms)
def test_the_zone_of_the_clock_changes_nothing(plain: Term) -> None:
    """Instants, not clock faces: no summer time, and no zone of the machine."""
    seen_elsewhere = plain.begin.astimezone(SHANGHAI)
    assert due(replace(plain, begin=seen_elsewhere)) == due(plain)
    end = known_due(plain)
    assert end.utcoffset() in (timedelta(), timedelta(hours=8))
    if plain.limit.unit is Unit.CLOCK_HOUR:
        assert end - plain.begin == timedelta(hours=float(plain.whole))


@given(st.integers(1, 60), moments)
def test_days_without_pauses_end_with_the_business_of_a_day(days: int, begin: datetime) -> None:
    end = known_due(Term(Limit(days, Unit.WORKING_DAY), begin, OFFICE)).astimezone(SHANGHAI)
    assert (end.hour, end.minute) == (17, 30)
    counted, day = 0, begin.astimezone(SHANGHAI).date()
    while day < end.date():
        day += timedelta(days=1)
        counted += bool(OFFICE.day(day).spans)
    assert counted == days


def counted_minutes(limited: Term, until: datetime) -> int:
    """Working minutes from the beginning on, counted one by one."""
    minute, count = limited.begin, 0
    while minute < until:
        day = minute.astimezone(SHANGHAI).date()
        near = [span for near in (day - timedelta(days=1), day) for span in limited.calendar.day(near).spans]
        held = any(pause.begin <= minute < (pause.end or minute) for pause in limited.pauses)
        count += any(start <= minute < end for start, end in near) and not held
        minute += samples.MINUTE
    return count


@given(paused_terms(), st.integers(0, 14 * 24 * 60))
def test_working_hours_are_what_a_count_minute_by_minute_gives(limited: Term, minutes: int) -> None:
    begin = limited.begin.replace(second=0)
    hours = replace(limited, limit=Limit(1, Unit.WORKING_HOUR), begin=begin)
    hours = replace(hours, pauses=tuple(each._replace(begin=_whole(each.begin), end=_whole(each.end))
                                        for each in limited.pauses))  # fmt: skip
    until = begin + minutes * samples.MINUTE
    assert spent(hours, until) * 60 == counted_minutes(hours, until)


def _whole(moment: datetime | None) -> datetime:
    assert moment is not None
    return moment.replace(second=0).astimezone(UTC)
