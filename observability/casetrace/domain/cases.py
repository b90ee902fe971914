"""A case as it stands: what its events, one after the other, have made of it.

Events of several topics arrive in any order. One that comes behind all others of its case is added to it; any other
has the case made anew from all of its events. Both ways lead to the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, NamedTuple

from observability.casetrace.domain.facts import Fact, in_order
from services.kernel import regions

OPENS, CLOSES = "opens", "closes"


class Held(NamedTuple):
    """How long a holder had the case, and how many times it came to them."""

    time: timedelta = timedelta()
    times: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A case after some of its events; `events` says how many.

    `held` leaves out how long the holder of now has had it this time. `opening_known`: its opening event is among them.
    `subject_type`: what it is about. `clock_since`: when the deadline that runs was set.
    """

    number: str
    region: str
    opened_at: datetime
    last_at: datetime
    last_id: str = ""
    last_type: str = ""
    subject_type: str | None = None
    opening_known: bool = False
    closed_at: datetime | None = None
    holder: str | None = None
    held_since: datetime | None = None
    deadline: datetime | None = None
    clock_since: datetime | None = None
    events: int = 0
    held: Mapping[str, Held] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """It goes on."""
        return self.closed_at is None

    def follows(self, fact: Fact) -> bool:
        """The fact comes behind all that the case has."""
        return fact.order > (self.last_at, self.last_id)

    def after(self, fact: Fact) -> Case:
        """The case after its next fact."""
        opens = fact.phase == OPENS
        changes: dict[str, Any] = {
            "last_at": fact.at,
            "last_id": fact.id,
            "last_type": fact.type,
            "events": self.events + 1,
        }
        if opens:
            changes |= {"opening_known": True, "closed_at": None}
        if self.events == 0 or (opens and not self.opening_known):
            changes |= {"region": fact.region or self.region, "subject_type": fact.subject_type}
        if fact.phase == CLOSES:
            changes |= {"closed_at": fact.at, "deadline": None, "clock_since": None} | self._handed_to(None, fact.at)
        elif self.is_open or opens:
            changes |= self._handed_to(fact.holder, fact.at) if fact.holder not in (None, self.holder) else {}
            if fact.deadline not in (None, self.deadline):
                changes |= {"deadline": fact.deadline, "clock_since": fact.at}
        return replace(self, **changes)

    def held_until(self, now: datetime) -> Mapping[str, Held]:
        """How long each holder has had it, the one of now included; the longest first."""
        held = dict(self.held)
        if self.holder is not None and self.held_since is not None:
            until_now = held.get(self.holder, Held())
            held[self.holder] = until_now._replace(time=until_now.time + max(timedelta(), now - self.held_since))
        return dict(sorted(held.items(), key=lambda item: (-item[1].time, item[0])))

    def clock_used(self, now: datetime) -> float | None:
        """Share of the clock that is used: 0 when it was set, 1 at the deadline, more behind it; None if none runs."""
        if self.deadline is None or self.clock_since is None:
            return None
        whole = (self.deadline - self.clock_since).total_seconds()
        used = max(0.0, (now - self.clock_since).total_seconds())
        # A deadline that had passed when it was set is used up.
        return used / whole if whole > 0 else 1.0

    def _handed_to(self, holder: str | None, at: datetime) -> dict[str, Any]:
        held = dict(self.held_until(at))
        if holder is not None:
            held[holder] = held.get(holder, Held())._replace(times=held.get(holder, Held()).times + 1)
        return {"holder": holder, "held_since": at if holder else None, "held": held}


def case_of(facts: Sequence[Fact]) -> Case:
    """The case that these facts make, in whatever order they are given. ValueError when there are none."""
    ordered = in_order(facts)
    if not ordered:
        raise ValueError("a case has an event")
    first = ordered[0]
    county = regions.county_of(first.case_number[:6])
    begun = Case(first.case_number, county, opened_at=first.at, last_at=first.at)
    return reduce(Case.after, ordered, begun)


def moved_on(case: Case, facts: Sequence[Fact]) -> Case | None:
    """The case after these facts; None when they do not all come behind what it has, and it is to be made anew."""
    ordered = in_order(facts)
    if ordered != sorted(facts, key=lambda fact: fact.order) or not case.follows(ordered[0]):
        return None
    return reduce(Case.after, ordered, case)
