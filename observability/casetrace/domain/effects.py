"""What became of events at consumers, and how far that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.kernel.ids import uuid7_time

# Longer than a question to every service takes while one of them is away.
LATE_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of one event at one consumer of a service.

    `outcome`: taken, refused, waiting, retrying, parked or discarded.
    """

    service: str
    consumer: str
    event_id: str
    event_type: str
    case_number: str
    outcome: str
    reason: str
    attempts: int
    decided_at: datetime
    due_at: datetime | None

    @property
    def day(self) -> date:
        """The UTC day in which the event was recorded. ValueError for an id that is none of ours."""
        return uuid7_time(UUID(self.event_id)).date()


@dataclass(frozen=True, slots=True)
class Page:
    """What a service answered. `void_since`: what is known of events recorded from that day on is void."""

    effects: Sequence[Effect]
    next: str
    more: bool
    void_since: date | None


@dataclass(frozen=True, slots=True)
class Source:
    """A service that is asked. `cursor`: how far it was read; `known_at`: when all that it had was known."""

    service: str
    cursor: str
    known_at: datetime | None

    def is_late(self, now: datetime) -> bool:
        """What became of events there may be missing."""
        return self.known_at is None or now - self.known_at > LATE_AFTER
