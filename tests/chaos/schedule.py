"""The schedule: which fault comes when, for how long. The seed gives it; the same seed gives the same.

Two lanes run side by side. In one, parts are killed and frozen, at any moment or at exact points of the chassis; in
the other, the way to Kafka, to PostgreSQL and to the mail server is broken. Each lane has one fault at a time, and
kinds are drawn from a deck, so that each comes up as often as any other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from tests.chaos.front import Mode

FULL_S = 1800.0
OUTAGES_S = (10.0, 60.0, 300.0)
"""How long a network is broken in a run of half an hour; shorter in proportion in a shorter run, at least a second."""
FRONTED = ("kafka", "postgres", "mail")
SHORTEST_OUTAGE_S = 1.0
WITHOUT_POSTGRES = ("kafka", "mail", "gateway")
BROKEN = (Mode.DROP, Mode.DELAY, Mode.CUT)
# Longer than the relay's lease (5 s) and a consumer's session (6 s): another process takes over meanwhile.
FREEZE_S = (1.0, 9.0)
DEAD_S = (0.2, 2.0)
# From a fault's end until its part is back, and a moment of peace.
AFTER_S = 1.5
NETWORK_PAUSE_S = 4.0


class Kind(StrEnum):
    """What is done to a part."""

    KILL = "kill"
    FREEZE = "freeze"
    KILL_AT = "kill at"
    """It kills itself at a point of the chassis."""
    FREEZE_AT = "freeze at"
    FAIL_AT = "fail at"
    """The chassis raises there: the work fails."""
    NETWORK = "network"


POINTS = {
    "grid": ("uow.before_commit", "uow.after_commit", "relay.before_send", "relay.after_send", "relay.after_ack"),
    "inspection": ("uow.after_commit", "consumer.before_commit", "relay.after_ack"),
    "notification": (
        "consumer.after_admit", "consumer.before_commit", "consumer.after_commit", "job.after_claim",
        "job.before_commit", "job.after_commit", "relay.after_ack", "resume.after_count", "resume.before_commit",
    ),
}  # fmt: skip
"""Where a service may be caught: between effect and answer, acknowledgement and delete, claim and send, ..."""
FAILING = {"notification": ("consumer.before_commit",), "grid": ("uow.before_commit",)}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: it begins `at` seconds after the run did, and lasts. `how`: the point, or the mode of a network."""

    kind: Kind
    part: str
    at: float
    lasts: float
    how: str = ""

    @property
    def name(self) -> str:
        """What is done to whom, for people and for counting."""
        words = (self.how, self.part) if self.kind is Kind.NETWORK else (self.kind, self.how, self.part)
        return " ".join(word for word in words if word)


Card = TypeVar("Card")


class Deck(Generic[Card]):
    """Cards in a random order, then again in another, without end. What is not possible now stays for later."""

    def __init__(self, chance: random.Random, cards: Iterable[Card]) -> None:
        self._chance = chance
        self._cards = list(cards)
        self._left: list[Card] = []

    def draw(self, possible: Callable[[Card], bool] = lambda card: True) -> Card | None:
        """The next card; None when no card at all is possible."""
        if not any(possible(card) for card in self._cards):
            return None
        if not any(possible(card) for card in self._left):
            self._left += self._chance.sample(self._cards, len(self._cards))
        place = next(place for place, card in enumerate(self._left) if possible(card))
        return self._left.pop(place)


class Doing(NamedTuple):
    """What may be done to a part of the first lane. `point` is empty for any moment."""

    kind: Kind
    part: str
    point: str = ""


def plan(seed: int, seconds: float, parts: Sequence[str]) -> list[Fault]:
    """The faults of a run, by their begin. `parts`: those that may be killed and frozen."""
    chance = random.Random(seed)
    network = list(_networks(chance, seconds))
    return sorted([*network, *_processes(chance, seconds, parts, network)], key=lambda fault: fault.at)


def _networks(chance: random.Random, seconds: float) -> Iterator[Fault]:
    """Every part behind a front is cut off for every length, each time in another way, until the time is over."""
    scale = min(1.0, seconds / FULL_S)
    deck = Deck(chance, _outages(chance))
    at = NETWORK_PAUSE_S
    while (drawn := deck.draw()) is not None:
        part, length, mode = drawn
        lasts = max(SHORTEST_OUTAGE_S, length * scale)
        if at + lasts > seconds:
            return
        yield Fault(Kind.NETWORK, part, at, lasts, mode)
        at += lasts + NETWORK_PAUSE_S


def _outages(chance: random.Random) -> Iterator[tuple[str, float, Mode]]:
    first = chance.randrange(len(BROKEN))
    for offset, part in enumerate(FRONTED):
        for place, length in enumerate(OUTAGES_S):
            yield part, length, BROKEN[(first + offset + place) % len(BROKEN)]


def _processes(
    chance: random.Random, seconds: float, parts: Sequence[str], network: Sequence[Fault]
) -> Iterator[Fault]:
    deck = Deck(chance, _doings(parts))
    at = 1.0
    while at < seconds:
        cut_off = {fault.part for fault in network if _side_by_side(fault, at)}
        drawn = deck.draw(partial(possible, cut_off))
        frozen = drawn is not None and drawn.kind in (Kind.FREEZE, Kind.FREEZE_AT)
        lasts = chance.uniform(*(FREEZE_S if frozen else DEAD_S))
        if drawn is not None and at + lasts <= seconds:
            yield Fault(drawn.kind, drawn.part, at, lasts, drawn.point)
        at += lasts + AFTER_S


def _doings(parts: Sequence[str]) -> Iterator[Doing]:
    for part in parts:
        yield Doing(Kind.KILL, part)
        yield Doing(Kind.FREEZE, part)
        for point in POINTS.get(part, ()):
            yield Doing(Kind.KILL_AT, part, point)
            yield Doing(Kind.FREEZE_AT, part, point)
        for point in FAILING.get(part, ()):
            yield Doing(Kind.FAIL_AT, part, point)


def _side_by_side(fault: Fault, at: float) -> bool:
    """Whether a fault that begins then may fall into the time of this one, with what comes after it."""
    return at <= fault.at + fault.lasts + AFTER_S and fault.at <= at + FREEZE_S[1] + AFTER_S


def possible(cut_off: Collection[str], doing: Doing | Fault) -> bool:
    """A part that is cut off is not killed too, and while PostgreSQL is, no service can be started or does anything."""
    if doing.part in cut_off:
        return False
    return "postgres" not in cut_off or doing.part in WITHOUT_POSTGRES or doing.kind is Kind.FREEZE
