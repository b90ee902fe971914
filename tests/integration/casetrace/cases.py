"""Cases in the case trace's stores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from observability.casetrace.domain.facts import Fact
from observability.casetrace.domain.search import Wanted
from observability.casetrace.store.cases import CaseStore
from observability.casetrace.store.effects import EffectStore
from observability.casetrace.store.events import EventStore
from observability.casetrace.store.search import SearchStore
from observability.casetrace.usecases import take_events
from services.kernel.paging import PageRequest
from tests.unit.casetrace.samples import (
    CENTRE,
    at,
    event_id,
    fact,
)

OTHER, ELSEWHERE = "371102-20261123-2000428-V", "371103-20261123-2000429-T"
COUNTY = Wanted(bound="371102")


class Stores(NamedTuple):
    """Where events, cases and effects are kept."""

    events: Any
    cases: Any
    effects: Any


def real(connection: sa.Connection) -> Stores:
    return Stores(EventStore(connection), CaseStore(connection), EffectStore(connection))


def take(connection: sa.Connection, *facts: Fact) -> None:
    """Take events, each by itself."""
    events, cases, _ = real(connection)
    for each in facts:
        take_events(events, cases, [each])


def other(number: str, hours: float = 1.0, **more: Any) -> Fact:
    """The only event of another case."""
    own = {
        "id": event_id(int(number[-9:-2]), at(hours)),
        "case_number": number,
        "aggregate_id": event_id(99, at(hours)),
    }
    return replace(fact(hours, phase="opens", holder=CENTRE, region=number[:6] + "001001"), **own | more)


def numbers(connection: sa.Connection, **wanted: Any) -> list[str]:
    """The cases that pass, in their order."""
    found = SearchStore(connection).page(replace(COUNTY, **wanted), PageRequest())
    return [case.number for case in found.rows]
