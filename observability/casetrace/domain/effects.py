"""What became of events at consumers, and how far that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from observability.casetrace.domain.facts import Fact
from services.kernel.ids import uuid7_time

# Longer than a question to every service takes while one of them is away.
LATE_AFTER = timedelta(seconds=30)
# One that has taken nothing of a type for so long may have been given up.
TAKES_STILL = timedelta(days=30)
# Outcomes after which more is to come.
OPEN = frozenset({"waiting", "retrying", "parked"})


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of one event at one consumer of a service.

    `outcome`: taken, refused, waiting, retrying, parked or discarded. `case_number` is empty where there is none, and
    where the id tells no day.
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
    def is_open(self) -> bool:
        """The event is not done with."""
        return self.outcome in OPEN

    @property
    def day(self) -> date:
        """The UTC day in which the event was recorded. ValueError for an id that is none of ours."""
        return uuid7_time(UUID(self.event_id)).date()


@dataclass(frozen=True, slots=True)
class OpenEffects:
    """Some of the effects that are open, and how many there are."""

    effects: Sequence[Effect]
    total: int


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


class Troubles(NamedTuple):
    """How many of a case's events were not simply taken: parked, tried again later, refused."""

    parked: int = 0
    retried: int = 0
    refused: int = 0


def troubles(outcomes: Mapping[str, int]) -> Troubles:
    """Troubles, from how many effects have which outcome."""
    return Troubles(outcomes.get("parked", 0), outcomes.get("retrying", 0), outcomes.get("refused", 0))


class Taker(NamedTuple):
    """A consumer that takes events of a type: since when and until when it did, as far as is known."""

    event_type: str
    service: str
    consumer: str
    first_at: datetime
    last_at: datetime

    def should_meet(self, fact: Fact) -> bool:
        """It takes events such as this one."""
        in_time = self.first_at <= fact.at and fact.at - self.last_at <= TAKES_STILL
        return fact.type == self.event_type and in_time


def not_met(fact: Fact, effects: Iterable[Effect], takers: Iterable[Taker]) -> list[Taker]:
    """The consumers that take such events, and of which nothing is known for this one."""
    met = {(each.service, each.consumer) for each in effects}
    return [each for each in takers if each.should_meet(fact) and (each.service, each.consumer) not in met]
