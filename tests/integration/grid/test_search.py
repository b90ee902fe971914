"""Incidents are found by what is known of them, as those who ask may know it, out of indexes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from egov.grid.v1 import places_pb2, search_pb2

from deploy.local.stack import Stack
from services.chassis.database import create_engine, standalone
from services.grid.domain.incidents import Incident
from services.grid.domain.places import Position
from services.grid.domain.search import Circle
from services.grid.domain.states import IncidentState
from services.grid.store import search
from services.grid.store.filters import text_filter, values
from services.grid.store.incidents import IncidentStore
from services.grid.store.search import SearchStore
from services.kernel.coordinates import Point
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from services.kernel.parties import Party
from tests.bench.grid_filling import fill
from tests.integration.grid.desk import Desk
from tests.integration.grid.finding import NEAR, sought
from tests.integration.grid.plans import passed, plan_of, scans
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid import steps
from tests.unit.grid.samples import (
    CENTRE,
    DEPARTMENT,
    ELSEWHERE,
    FOOD,
    GRID,
    REPORTER,
    RUBBISH,
    VILLAGE,
    accepted,
    closed,
    dispatched,
    handled,
    incident,
    verified,
)

HERE = Point(35.4, 119.5)


@pytest.mark.parametrize(
    ("few", "recent"), [(-1, 1), (search.FEW, 1), (-1, 2000)], ids=["passed by", "looked up", "among the newest"]
)
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [0, 1, 2, 3]),
        ({"text": "垃圾"}, [0]),
        ({"text": "垃圾堆放，影响"}, [0]),
        ({"text": "garbage"}, [1]),
        ({"text": "圾垃"}, []),
        ({"text": "破损"}, [2]),
        ({"text": "前 G"}, [1]),
        ({"text": "%_"}, []),
        ({"reference": "SSP-1"}, [0]),
        ({"reference": "SSP"}, []),
        ({"enterprise_code": "91350100M000100Y43"}, [3]),
        ({"case_number_prefix": "371121-2026"}, [2]),
        ({"case_number_prefix": "371103-2026"}, []),
        ({"state": IncidentState.DISPATCHED}, [3]),
        ({"department": DEPARTMENT}, [3]),
        ({"type_code": "06010", "region": "371121"}, [2]),
        ({"type_code": "06011"}, []),
        ({"types": frozenset({RUBBISH, FOOD})}, [0, 1, 2, 3]),
        ({"types": frozenset({FOOD})}, []),
        ({"types": frozenset()}, []),
        ({"region": VILLAGE}, [0, 1, 3]),
        ({"bound": GRID, "text": "破损"}, []),
        ({"filed_from": NOW - timedelta(days=2), "filed_until": NOW}, [1, 2]),
        ({"near": Circle(HERE, 500)}, [0]),
        ({"near": Circle(HERE, 2000), "text": "Garbage"}, [1]),
        ({"near": Circle(HERE, 400)}, []),
        ({"reporter": Party("person", WANG)}, []),
    ],
    ids=str,
)
def test_what_is_found_has_all_that_is_sought(
    kept: list[Incident], store: SearchStore, monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, Any], found: list[int], few: int, recent: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(search, "RECENT", recent)
    wanted = sought(**asked)
    assert list(store.page(wanted, PageRequest(50)).rows) == [kept[each] for each in found]
    paged: list[Incident] = []
    page = PageRequest(1)
    while True:
        answer = store.page(wanted, page)
        paged += answer.rows
        if not answer.next_token:
            break
        page = PageRequest(1, (answer.rows[-1].filed_at, answer.rows[-1].id))
    assert paged == [kept[each] for each in found]


def test_by_state_is_found_what_is_in_it_and_nothing_that_the_release_before_takes_it_for(
    engine: sa.Engine, store: SearchStore
) -> None:
    of_each = {each.state: each for each in (incident(), dispatched(), accepted(), handled(), verified(), closed())}
    of_each[IncidentState.REFERRED] = replace(incident(), state=IncidentState.REFERRED, coordinator=CENTRE, returns=2)
    of_each[IncidentState.ON_HOLD] = replace(accepted(), state=IncidentState.ON_HOLD)
    of_each[IncidentState.MERGED] = replace(incident(), state=IncidentState.MERGED)
    of_each[IncidentState.VOIDED] = replace(incident(), state=IncidentState.VOIDED, closed_at=NOW)
    of_each |= {each.state: each for each in (steps.reported(), steps.check(steps.reported()))}
    of_each |= {each.state: each for each in (steps.decline(steps.reported()), steps.send_outside(incident()))}
    # The release before has accepted what was referred: its state is true, the other says nothing any more.
    moved_on = replace(accepted(), id=uuid7())
    with engine.begin() as connection:
        for each in (*of_each.values(), moved_on):
            IncidentStore(connection).add(each)
        connection.exec_driver_sql("UPDATE incident SET stage = 'REFERRED' WHERE id = %s", (moved_on.id,))
    with engine.connect() as connection:
        for state in IncidentState:
            there = {of_each[state].id} | ({moved_on.id} if state is IncidentState.ACCEPTED else set())
            found = store.page(sought(state=state), PageRequest(50))
            assert {each.id for each in found.rows} == there, state


def test_who_is_not_shown_where_it_is_does_not_find_it_there(
    kept: list[Incident], store: SearchStore, engine: sa.Engine
) -> None:
    there = {"near": Circle(HERE, 500)}
    assert store.page(sought(**there, asking_department="371102-SCJG"), PageRequest(50)).rows == ()
    assert store.page(sought(**there, asking_department=""), PageRequest(50)).rows == ()
    own = sought(**there, asking_department="", asking=REPORTER, reporter=REPORTER)
    assert store.page(own, PageRequest(50)).rows == (kept[0],)
    coordinated = replace(
        incident(position=Position(NEAR, 5.0)), state=IncidentState.REFERRED, coordinator="371100-ZHZX", returns=2
    )
    with engine.begin() as connection:
        IncidentStore(connection).add(coordinated)
    assert store.page(sought(**there, asking_department="371100-ZHZX"), PageRequest(50)).rows == (coordinated,)


def test_a_description_that_changes_is_found_by_what_it_says_now(
    kept: list[Incident], store: SearchStore, engine: sa.Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE incident SET description = '路灯不亮' WHERE id = :id"), {"id": kept[0].id})
    assert [each.id for each in store.page(sought(text="路灯"), PageRequest(50)).rows] == [kept[0].id]
    assert store.page(sought(text="垃圾"), PageRequest(50)).rows == ()


def test_a_text_is_looked_up_in_the_place_where_it_is_looked_for(kept: list[Incident], engine: sa.Engine) -> None:
    there = incident(description="垃圾", region=ELSEWHERE)
    with engine.begin() as connection:
        IncidentStore(connection).add(there)
        for place, found in (
            ({}, {kept[0].id, there.id}),
            ({"region": VILLAGE}, {kept[0].id}),
            ({"bound": ELSEWHERE}, {there.id}),
        ):
            asked = sought(text="垃圾", **place)
            by_text = text_filter(asked)
            assert by_text is not None
            assert set(connection.execute(sa.text(by_text.keys), values(asked)).scalars()) == found


def test_the_service_finds_for_a_seat_and_for_a_citizen_their_own(kept: list[Incident], engine: sa.Engine) -> None:
    own = replace(incident(description="巷口垃圾"), reporter=Party("person", WANG))
    with engine.begin() as connection:
        IncidentStore(connection).add(own)
    seat = caller(subject=str(uuid7()), department=CENTRE, region="371102")
    near = places_pb2.Position(latitude=35.4, longitude=119.5, system=places_pb2.COORDINATE_SYSTEM_CGCS2000)
    for by, asked, found in (
        (seat, {"text": "垃圾"}, {str(own.id), str(kept[0].id)}),
        (seat, {"near": near}, {str(kept[0].id)}),
        (caller(subject=WANG), {"text": "垃圾"}, {str(own.id)}),
    ):
        request = search_pb2.SearchIncidentsRequest(**asked)
        answer = Desk(engine).call("SearchIncidents", request, search_pb2.SearchIncidentsResponse, by)
        assert {each.incident_id for each in answer.incidents} == found


def test_of_many_incidents_few_are_read(engine: sa.Engine, postgres: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", 500)
    monkeypatch.setattr(search, "RECENT", 100)
    owner = create_engine(
        postgres.wiring.database("grid", owner=True), application="test-fill", pool_size=1, patience_s=None
    )
    fill(owner, 30_000)
    owner.dispose()
    rare = ({"text": "编号29123"}, {"reference": "SSP-77"}, {"enterprise_code": "91350100M000000018"})
    common: tuple[dict[str, Any], ...] = (
        {},
        {"text": "垃圾"},
        {"type_code": "06014"},
        {"department": "371102-CGJ"},
        {"type_code": "06014", "department": "371122-SCJG"},
        {"bound": "371102003"},
        {"bound": "371102003", "text": "垃圾"},
        {"bound": "371103003007"},
    )
    places = ({"near": Circle(Point(35.3, 119.3), 1000)}, {"case_number_prefix": "371102-20261130"})
    with standalone(engine).connect() as connection:
        for asked in (*rare, *common, *places):
            wanted, page, store = sought(**asked), PageRequest(50), SearchStore(connection)
            ways = [(search.statement(wanted, page, store.narrow(wanted) or store._narrow_text(wanted)), 5000)]
            # Each is counted where it is read, where no more are taken, and where the text is looked for.
            ways += [(search.recent(wanted, page), 3 * search.RECENT)] if wanted.text else []
            for listed, most in ways:
                given = search._spoken_of(listed, values(wanted) | {"most": page.fetch, "recent": search.RECENT})
                nodes = plan_of(connection, listed, given)
                assert scans(nodes) == set(), asked
                assert passed(nodes) <= most, asked
