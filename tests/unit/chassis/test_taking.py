"""Which days' events a consumer takes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.chassis.eventdays import AHEAD_DAYS, KEPT_DAYS, unfit_day

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (-KEPT_DAYS - 1, "TOO_OLD"),
        (-KEPT_DAYS, None),
        (0, None),
        # Just after midnight, an event of today is two days ahead of a clock that is 30 hours behind.
        (2, None),
        (AHEAD_DAYS, None),
        (AHEAD_DAYS + 1, "FROM_THE_FUTURE"),
    ],
)
def test_only_events_of_days_that_the_inbox_has_room_for_are_taken(days: int, reason: str | None) -> None:
    assert unfit_day(TODAY + timedelta(days=days), TODAY) == reason
