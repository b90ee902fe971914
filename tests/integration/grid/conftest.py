"""A database without incidents, and none left behind; what tests find in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.chassis.database import standalone
from services.grid.domain.incidents import Incident
from services.grid.domain.places import Position
from services.grid.store.incidents import IncidentStore
from services.grid.store.reference import ReferenceStore
from services.grid.store.search import SearchStore
from tests.integration.conftest import Engine
from tests.integration.grid.desk import Desk, empty
from tests.integration.grid.finding import FAR, NEAR
from tests.integration.grid.keeping import Stores
from tests.unit.fakes import NOW
from tests.unit.grid.samples import (
    ELSEWHERE,
    FakeIncidents,
    FakeReference,
    dispatched,
    incident,
)

RULES = (
    "routing_rule", "routing_capacity", "routing", "department", "catalogue_type", "catalogue_rule", "catalogue_stage",
    "catalogue_mapping", "catalogue", "incident_type", "dispatch_rule",
)  # fmt: skip
"""Tables of what says who handles what; those first that name others."""


@pytest.fixture
def engine(engine_of: Engine) -> Iterator[sa.Engine]:
    """Grid's database."""
    opened = engine_of("grid")
    empty(opened)
    yield opened
    empty(opened)


@pytest.fixture
def desk(engine: sa.Engine) -> Iterator[Desk]:
    """A desk without a catalogue and routing rules, and none left behind."""
    forget_rules(engine)
    yield Desk(engine)
    forget_rules(engine)


def forget_rules(engine: sa.Engine) -> None:
    """Without rules of any kind, as tests of loading them may have left behind."""
    with engine.begin() as connection:
        for table in RULES:
            connection.execute(sa.text(f"DELETE FROM {table}"))


@pytest.fixture
def stores(backing: str, request: pytest.FixtureRequest) -> Iterator[Stores]:
    """The stores over a database, and those that unit tests use: both have to do the same."""
    if backing == "fake":
        yield Stores(FakeIncidents(), FakeReference())
        return
    engine_of: Engine = request.getfixturevalue("engine_of")
    with engine_of("grid").connect() as connection:
        yield Stores(IncidentStore(connection), ReferenceStore(connection), connection)
        connection.rollback()


@pytest.fixture
def kept(engine: sa.Engine) -> list[Incident]:
    """Incidents that are sought: here, far away, elsewhere, and one that was dispatched."""
    made = [
        incident(description="巷口垃圾堆放，影响通行", reference="SSP-1", position=Position(NEAR, 5.0)),
        incident(description="学校门前 Garbage 未清", at=NOW - timedelta(days=1), position=Position(FAR, 5.0)),
        incident(description="井盖破损", region=ELSEWHERE, at=NOW - timedelta(days=2)),
        dispatched(description="餐饮油烟", enterprise_code="91350100M000100Y43", at=NOW - timedelta(days=3)),
    ]
    with engine.begin() as connection:
        for each in made:
            IncidentStore(connection).add(each)
    return made


@pytest.fixture
def store(engine: sa.Engine) -> Iterator[SearchStore]:
    with standalone(engine).connect() as connection:
        yield SearchStore(connection)
