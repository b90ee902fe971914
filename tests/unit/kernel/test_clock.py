"""Clocks: aware and UTC, always."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from services.kernel.clock import SHANGHAI, FixedClock, SystemClock, shanghai_day


def test_the_system_clock_is_aware_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_fixed_clock_stands_until_it_is_moved() -> None:
    clock = FixedClock(datetime(2026, 11, 23, 8, tzinfo=SHANGHAI))
    assert clock.now() == clock.now() == datetime(2026, 11, 23, 0, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(hours=2))
    assert clock.now() == datetime(2026, 11, 23, 2, tzinfo=UTC)
    clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        FixedClock(datetime(2026, 11, 23))  # noqa: DTZ001


def test_the_day_in_shanghai_begins_at_sixteen_utc() -> None:
    assert shanghai_day(datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert shanghai_day(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == date(2026, 11, 23)
    assert shanghai_day(datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=-5)))) == date(2026, 11, 23)
