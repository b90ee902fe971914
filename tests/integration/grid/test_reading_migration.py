"""What phones and searches need is made beside incidents that are there, and may be made again where it was cut off."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from services.chassis.database import create_engine, standalone
from services.grid.domain.search import Sought
from services.grid.domain.sync import Audience, Place
from services.grid.store.incidents import IncidentStore
from services.grid.store.search import SearchStore
from services.grid.store.sync import SyncStore
from services.kernel.paging import PageRequest
from tests.unit.grid.samples import REPORTER, incident

VERSIONS = Path(__file__).parents[3] / "services/grid/migrations/versions"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, VERSIONS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def owner(postgres: Stack, by_place: ModuleType) -> Iterator[sa.Connection]:
    """At the end the tables are as the newest migration leaves them."""
    engine = create_engine(postgres.wiring.database("grid", owner=True), application="test-migration", pool_size=1)
    with standalone(engine).connect() as connection:
        yield connection
        connection.execute(sa.text(by_place.PLACES))
    engine.dispose()


@pytest.fixture
def migration() -> ModuleType:
    return loaded("0009_reading")


@pytest.fixture
def by_place() -> ModuleType:
    return loaded("0013_words_by_place")


def test_all_of_it_may_be_run_again(engine: sa.Engine, owner: sa.Connection, migration: ModuleType) -> None:
    short = (migration.BATCHES, migration.CHANGES, migration.MARKS, migration.TEXT)
    single = (migration.IN_ORDER, migration.QUEUES, migration.TEXT_SO_FAR, migration.SEARCH)
    for each in (*short, *(one for many in single for one in many.strip().split(";\n"))):
        owner.execute(sa.text(each))


def test_what_was_there_before_is_found_and_synced(
    engine: sa.Engine, owner: sa.Connection, migration: ModuleType
) -> None:
    before = incident()
    with engine.begin() as connection:
        IncidentStore(connection).add(before)
    # As it is before the migration.
    owner.execute(sa.text("DELETE FROM incident_text"))
    owner.execute(sa.text("ALTER TABLE incident DROP COLUMN changed_in"))
    for each in (migration.CHANGES, *f"{migration.IN_ORDER}{migration.TEXT_SO_FAR}".strip().split(";\n")):
        owner.execute(sa.text(each))
    with standalone(engine).connect() as looking:
        sought = Sought(bound="3711", reporter=None, asking=REPORTER, asking_department="", text="垃圾")
        assert SearchStore(looking).page(sought, PageRequest(50)).rows == (before,)
        sync = SyncStore(looking)
        standing = sync.standing()
        changes = sync.changes(Audience("3711"), Place(), standing.horizon, standing.horizon, 50)
        assert [each.incident for each in changes.rows] == [before]


def test_places_come_to_the_words_that_are_there(engine: sa.Engine, owner: sa.Connection, by_place: ModuleType) -> None:
    before = incident()
    with engine.begin() as connection:
        IncidentStore(connection).add(before)
    kept = sa.text("SELECT words FROM incident_text")
    as_now = owner.execute(kept).scalar_one()
    # As the release before had it.
    owner.execute(sa.text("UPDATE incident_text SET words = incident_words(description) FROM incident"))
    assert len(owner.execute(kept).scalar_one()) == len(as_now) - 2
    for _ in range(2):
        owner.execute(sa.text(by_place.SO_FAR))
        assert owner.execute(kept).scalar_one() == as_now
