"""The UTC day that an event is of, and which days a consumer still takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from services.kernel.ids import uuid7_time

KEPT_DAYS = 21
# An event's day is by its sender's clock, today by this one's: either may be a day off before anybody mends it.
AHEAD_DAYS = 2


def day_of(event_id: str, now: datetime) -> date:
    """The UTC day in which an event was recorded, from its UUIDv7; today for what has no such id."""
    try:
        return uuid7_time(UUID(event_id)).date()
    except (ValueError, OverflowError):
        return now.astimezone(UTC).date()


def unfit_day(day: date, today: date) -> str | None:
    """Why an event of that UTC day is not taken: the inbox does not go back, or ahead, that far; None when it does."""
    if day < today - timedelta(days=KEPT_DAYS):
        return "TOO_OLD"
    return "FROM_THE_FUTURE" if day > today + timedelta(days=AHEAD_DAYS) else None
