"""Whatever happens at once, and in whatever order it is committed: an app that syncs ends with what the server has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.grid.domain.incidents import Incident
from services.grid.domain.sync import Audience
from services.grid.store.incidents import IncidentStore
from services.grid.store.sync import SyncStore
from services.kernel.errors import Refusal
from services.kernel.parties import Party
from tests.integration.grid.apps import AUDIENCES, DEPARTMENTS, REGIONS, SEEN, STRANGER, App, World
from tests.integration.grid.desk import Desk
from tests.unit.fakes import WANG, caller
from tests.unit.grid.samples import GRID, REPORTER, incident


@pytest.fixture
def world(engine: sa.Engine) -> Iterator[World]:
    world = World(engine)
    yield world
    world.close()


def moved(before: Incident, department: str) -> Incident:
    return replace(before, version=before.version + 1, department=department)


def test_a_change_that_commits_late_is_told_then(world: World) -> None:
    early, late, app = world.connection(), world.connection(), App(world.looking(), Audience("3711"))
    first, second = incident(), incident()
    IncidentStore(late).add(first)
    IncidentStore(early).add(second)
    early.commit()
    assert app.sync() == ()  # It is told after what began before it.
    late.commit()
    assert [each.incident_id for each in app.sync()] == [first.id, second.id]
    assert app.sync() == ()


def test_what_was_undone_holds_nothing_up(world: World) -> None:
    undone, done, app = world.connection(), world.connection(), App(world.looking(), Audience("3711"))
    IncidentStore(undone).add(incident())
    kept = incident()
    IncidentStore(done).add(kept)
    done.commit()
    undone.rollback()
    assert [each.incident for each in app.sync()] == [kept]


def test_one_that_goes_to_another_department_is_forgotten_and_one_that_comes_back_is_kept(world: World) -> None:
    connection, app = world.connection(), App(world.looking(), Audience("3711", None, "371102-CGJ"))
    store, here = IncidentStore(connection), moved(incident(), "371102-CGJ")
    store.add(here)
    connection.commit()
    assert [each.incident for each in app.sync()] == [here]
    there = moved(here, "371102-SCJG")
    store.save(there)
    connection.commit()
    assert app.sync() == ((here.id, None),)
    back = moved(there, "371102-CGJ")
    store.save(back)
    connection.commit()
    assert app.sync() == ((here.id, back),)


def test_an_app_that_begins_is_told_nothing_of_what_it_never_had(world: World) -> None:
    connection = world.connection()
    store, there = IncidentStore(connection), moved(incident(), "371102-CGJ")
    store.add(there)
    connection.commit()
    store.save(moved(there, "371102-SCJG"))
    connection.commit()
    assert App(world.looking(), Audience("3711", None, "371102-CGJ")).sync() == ()


def test_what_went_out_of_sight_is_forgotten_when_no_token_is_as_old(world: World) -> None:
    connection = world.connection()
    store, there = IncidentStore(connection), moved(incident(), "371102-CGJ")
    store.add(there)
    store.save(moved(there, ""))
    connection.commit()
    looking, count = world.looking(), sa.text("SELECT left_at FROM incident_left")
    (left_at,) = looking.execute(count).scalars()
    assert not SyncStore(looking).forget_left(left_at)
    assert SyncStore(looking).forget_left(left_at + timedelta(seconds=1))
    assert looking.execute(count).all() == []


class City:
    """Three transactions at a time, opened, committed and undone in any order, and apps that look in between."""

    def __init__(self, engine: sa.Engine) -> None:
        self.world = World(engine)
        self.open: dict[int, tuple[sa.Connection, dict[UUID, Incident]]] = {}
        self.done: dict[UUID, Incident] = {}
        looking = self.world.looking()
        self.apps = [App(looking, audience) for audience in AUDIENCES]

    def _opened(self, slot: int) -> tuple[sa.Connection, dict[UUID, Incident]]:
        if slot not in self.open:
            self.open[slot] = (self.world.connection(), {})
        return self.open[slot]

    def file(self, slot: int, region: str, reporter: Party) -> None:
        connection, changed = self._opened(slot)
        filed = replace(incident(region=region), reporter=reporter)
        IncidentStore(connection).add(filed)
        changed[filed.id] = filed

    def move(self, slot: int, department: str, which: int) -> None:
        connection, changed = self._opened(slot)
        theirs = {id for other, (_, changes) in self.open.items() if other != slot for id in changes}
        free = [each for id, each in (self.done | changed).items() if id not in theirs]
        if free:
            after = moved(free[which % len(free)], department)
            IncidentStore(connection).save(after)
            changed[after.id] = after

    def end(self, slot: int, keep: bool) -> None:
        if slot in self.open:
            connection, changed = self.open.pop(slot)
            connection.commit() if keep else connection.rollback()
            connection.close()
            self.done |= changed if keep else {}

    def look(self, size: int) -> None:
        for app in self.apps:
            app.sync(size)
            assert set(app.copy) <= set(self.done), "an app has what is not committed"

    def settle(self) -> None:
        for slot in list(self.open):
            self.end(slot, True)
        for app in self.apps:
            app.sync_all(3)
            assert app.copy == app.right(list(self.done.values())), app.audience


SLOTS = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just(City.file), SLOTS, st.sampled_from(REGIONS), st.sampled_from((REPORTER, STRANGER))),
    st.tuples(st.just(City.move), SLOTS, st.sampled_from(DEPARTMENTS), st.integers(0, 99)),
    st.tuples(st.just(City.end), SLOTS, st.sampled_from((True, True, True, False))),
    st.tuples(st.just(City.look), st.integers(1, 9)),
)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=20, max_size=40))
def test_whatever_the_order_an_app_ends_with_what_the_server_has(
    engine: sa.Engine, steps: list[tuple[Any, ...]]
) -> None:
    city = City(engine)
    try:
        for step, *given_to in steps:
            step(city, *given_to)
        city.settle()
    finally:
        city.world.close()


def test_an_app_is_told_by_the_service_in_pages_and_as_its_caller_may_see(world: World) -> None:
    worker = caller(subject=WANG, region=GRID)
    officer = caller(subject=STRANGER.id, department="371102-SCJG", region="371102")
    connection, desk = world.connection(), Desk(world.engine)
    own = [replace(incident(position=SEEN), reporter=Party("person", WANG)) for _ in range(3)]
    for each in (*own, incident()):
        IncidentStore(connection).add(each)
    connection.commit()
    first = desk.sync(by=worker, limit=2)
    second = desk.sync(by=worker, token=first.next_token)
    assert (first.more, second.more) == (True, False)
    told = [*first.changes, *second.changes]
    assert {each.incident_id for each in told} == {str(each.id) for each in own}
    assert all(each.incident.report.HasField("position") for each in told)
    by_officer = desk.sync(by=officer).changes
    assert len(by_officer) == 4
    assert not any(each.incident.report.HasField("position") for each in by_officer)
    for token, by, reason in ((second.next_token, officer, "SYNC_START_OVER"), ("x", worker, "INVALID_ARGUMENT")):
        with pytest.raises(Refusal) as refused:
            desk.sync(by=by, token=token)
        assert refused.value.reason == reason
