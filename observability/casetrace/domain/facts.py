"""One event of a case, and the order of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

Link = tuple[str, str]
"""What an event names beside its aggregate: `merged`, `caused` or `concerns`; and a thing, event or case number."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An event, as its envelope has it. `holder` and `actor`: `<kind>/<id>`; `phase`: `opens`, `closes` or None.

    `subject_type`: what kind of thing its aggregate is, codes with `/` between.
    """

    id: str
    type: str
    service: str
    at: datetime
    aggregate_id: str
    aggregate_version: int
    case_number: str
    phase: str | None = None
    holder: str | None = None
    deadline: datetime | None = None
    region: str | None = None
    subject_type: str | None = None
    actor: str | None = None
    links: tuple[Link, ...] = ()
    trace_id: str | None = None

    @property
    def order(self) -> tuple[datetime, str]:
        """Where it stands among the events of its case."""
        return self.at, self.id


def in_order(facts: Sequence[Fact]) -> list[Fact]:
    """By time and id; but those of one aggregate by its versions, also where the clocks of two processes disagree."""
    ordered = sorted(facts, key=lambda fact: fact.order)
    places: dict[str, list[int]] = {}
    for place, fact in enumerate(ordered):
        places.setdefault(fact.aggregate_id, []).append(place)
    for own in places.values():
        by_version = sorted((ordered[place] for place in own), key=lambda fact: fact.aggregate_version)
        for place, fact in zip(own, by_version, strict=True):
            ordered[place] = fact
    return ordered
