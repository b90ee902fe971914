"""Time as an argument: use cases take a clock, so that a test can say what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

# China keeps one time without summer time, so no time zone database is needed.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is set or moved on; for tests."""

    def __init__(self, moment: datetime) -> None:
        self.set(moment)

    def now(self) -> datetime:
        """The moment that was set, aware, UTC."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Sets the clock, forwards or backwards. ValueError for a moment without time zone."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        self._moment = moment.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Moves the clock on."""
        self._moment += by


def shanghai_day(moment: datetime) -> date:
    """The calendar day of an aware moment in Asia/Shanghai, which is the day that codes and deadlines speak of."""
    return moment.astimezone(SHANGHAI).date()
