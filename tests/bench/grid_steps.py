"""What changes in grid, and what dispatch, the sweep and a department's system ask: each in a transaction that ends."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa

from services.grid.domain.deadlines import Limits
from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.domain.routing import Case
from services.grid.store.calendars import KnownCalendars
from services.grid.store.dispatching import DispatchStore
from services.grid.store.incidents import IncidentStore
from services.grid.store.reference import ReferenceStore
from services.grid.store.routing import KnownRoutings
from services.grid.store.work import WorkStore
from services.grid.usecases import CLOCK
from services.grid.usecases.dispatching import LATELY, plan
from services.kernel.ids import uuid7
from tests.bench.grid_filling import COUNTIES
from tests.bench.grid_lists import OFFICER, Ask
from tests.unit.grid.samples import STANDARD, dispatched, incident


def steps(connection: sa.Connection) -> dict[str, Ask]:
    """Each by the name of its line; those that change something last."""
    return {**_dispatches(connection), **_sweep(connection), **_writes(connection)}


def _dispatches(connection: sa.Connection) -> dict[str, Ask]:
    """As a dispatch and a department's system ask, each in a transaction that ends at once."""
    store, waiting = DispatchStore(connection, KnownRoutings()), WorkStore(connection)

    def both() -> list[str]:
        county = random.choice(COUNTIES)
        return [county + OFFICER, county + "-SCJG"]

    def loads() -> None:
        departments = both()
        store.take_turns(departments)
        store.open_cases(departments)
        connection.rollback()

    reference, calendars = ReferenceStore(connection), KnownCalendars()

    def plans() -> None:
        county, now = random.choice(COUNTIES), datetime.now(UTC)
        codes = ("06010", "09006", "06027", "07001", "08005")
        cases = [Case(TypeKey(STANDARD, IncidentKind.EVENT, code), f"{county}003007002") for code in codes * 10]
        rules = reference.rules_for_each([(each.type, each.region, now) for each in cases])
        limits = Limits(calendar_of=calendars.now(connection).of)
        plan(store, list(zip(cases, rules, strict=True)), limits, now)
        connection.rollback()

    def last() -> None:
        key = TypeKey("", IncidentKind.EVENT, f"06{random.randrange(1, 61):03}")
        store.last_department(Case(key, random.choice(COUNTIES)), datetime.now(UTC) - LATELY)
        connection.rollback()

    def take() -> None:
        waiting.next_dispatched(both()[0], "3711")
        connection.rollback()

    return {
        "a dispatch compares the loads of two": loads,
        "…, who had the last of a type": last,
        "GetQueue, what the rules say of 50": plans,
        "TakeNextIncident finds what is next": take,
    }


def _sweep(connection: sa.Connection) -> dict[str, Ask]:
    store, centres = IncidentStore(connection), {county: f"{county}-ZHZX" for county in COUNTIES}

    def look() -> None:
        assert store.unwatched(CLOCK) is None and store.unheld(centres) is None, "nothing is to be mended"
        connection.rollback()

    return {"the sweep finds nothing to mend": look}


def _writes(connection: sa.Connection) -> dict[str, Ask]:
    store = IncidentStore(connection)

    def file() -> None:
        store.add(replace(incident(), case_number=f"bench-{uuid7()}"))
        connection.commit()

    def file_and_dispatch() -> None:
        filed = replace(incident(), case_number=f"bench-{uuid7()}")
        store.add(filed)
        connection.commit()
        store.save(dispatched(filed))
        connection.commit()

    return {"an incident is added": file, "an incident is added, then dispatched": file_and_dispatch}
