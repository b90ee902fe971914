"""How incidents are listed, newest first."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from egov.grid.v1 import grid_service_pb2, incidents_pb2

from services.grid.domain.incidents import Incident
from services.grid.store.incidents import IncidentStore
from services.grid.store.search import SearchStore
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from tests.integration.grid.desk import Desk
from tests.integration.grid.finding import sought
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid.samples import (
    CENTRE,
    GRID,
    VILLAGE,
    incident,
)


def test_a_list_shows_the_newest_first_page_by_page_whatever_is_filed_meanwhile(
    engine: sa.Engine, store: SearchStore
) -> None:
    made = [incident(at=NOW - timedelta(minutes=n)) for n in range(1, 5)] + [incident(at=NOW) for _ in range(3)]
    shown: list[Incident] = []
    page = PageRequest(2)
    with engine.begin() as connection:
        for each in made:
            IncidentStore(connection).add(each)
    while True:
        answer = store.page(sought(), page)
        shown += answer.rows
        if not answer.next_token:
            break
        page = PageRequest(2, (answer.rows[-1].filed_at, answer.rows[-1].id))
        with engine.begin() as connection:
            IncidentStore(connection).add(incident(at=NOW + timedelta(minutes=1)))
    assert shown == sorted(made, key=lambda each: (each.filed_at, each.id), reverse=True)


def test_a_list_stays_in_the_callers_region_and_the_one_asked_for(kept: list[Incident], store: SearchStore) -> None:
    def found(bound: str, region: str = "") -> set[Incident]:
        return set(store.page(sought(bound=bound, region=region), PageRequest(50)).rows)

    here, there = {kept[each] for each in (0, 1, 3)}, {kept[2]}
    assert found("3711") == found("37", "371100") == here | there
    assert found("371102") == found("3711", "371102001") == found("371102", GRID) == found("371102001") == here
    assert found("371121") == there
    assert found("371102", "371121") == found("370213") == set()


def test_the_service_lists_of_a_state_of_a_region_or_one_case_for_a_seat_and_their_own_for_a_citizen(
    kept: list[Incident], engine: sa.Engine
) -> None:
    seat = caller(subject=str(uuid7()), department=CENTRE, region="371102")
    for by, asked, found in (
        (seat, {}, [0, 1, 3]),
        (seat, {"state": incidents_pb2.INCIDENT_STATE_DISPATCHED}, [3]),
        (seat, {"region": VILLAGE, "case_number": kept[1].case_number}, [1]),
        (seat, {"case_number": kept[2].case_number}, []),
        (caller(subject=WANG), {}, []),
    ):
        request = grid_service_pb2.ListIncidentsRequest(**asked)
        answer = Desk(engine).call("ListIncidents", request, grid_service_pb2.ListIncidentsResponse, by)
        assert [each.incident_id for each in answer.incidents] == [str(kept[each].id) for each in found]
