"""Reminders come often at first and seldom later, and never end."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.worktime.calendars import Calendar
from services.kernel.worktime.reminders import Reminders
from services.kernel.worktime.terms import Limit, Unit
from tests.unit.fakes import NOW
from tests.unit.kernel.worktime.samples import OFFICE, at

HOUR = timedelta(hours=1)
DAILY = Reminders.every(Limit(24))


def test_each_day_for_a_week_and_then_each_week() -> None:
    moments = [NOW]
    for _ in range(10):
        moments.append(DAILY.next(NOW, moments[-1], Calendar()))
    assert [(each - NOW).days for each in moments] == [0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 28]


def test_in_working_days_it_is_the_close_of_business() -> None:
    friday = at("2026-11-20 09:00")
    reminded = Reminders.every(Limit(1, Unit.WORKING_DAY)).next(friday, friday, OFFICE)
    assert reminded == at("2026-11-23 17:30")


@given(hours=st.integers(1, 200), late=st.integers(0, 5000))
def test_the_next_one_is_always_ahead_and_never_further_than_seven_times_as_long(hours: int, late: int) -> None:
    now = NOW + late * HOUR
    wait = Reminders.every(Limit(hours)).next(NOW, now, Calendar()) - now
    assert wait in (hours * HOUR, 7 * hours * HOUR)
