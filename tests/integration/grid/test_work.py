"""What departments take, and under which number they keep it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from egov.grid.v1 import (
    grid_service_pb2,
    incidents_pb2,
    search_pb2,
    work_pb2,
)

from services.grid.domain.incidents import Incident
from services.kernel.errors import Refusal
from tests.integration.grid.desk import Desk
from tests.integration.grid.routing import CGJ, SCJG, SEAT, kept
from tests.unit.fakes import WANG, caller
from tests.unit.grid.samples import DEPARTMENT, accepted, dispatched, incident


def take(desk: Desk, by: Any = CGJ, number: str = "") -> incidents_pb2.Incident:
    request = work_pb2.TakeNextIncidentRequest(department_number=number)
    return desk.call("TakeNextIncident", request, work_pb2.TakeNextIncidentResponse, by).incident


def set_number(desk: Desk, of: Incident, number: str, replaces: str = "", by: Any = CGJ) -> list[tuple[str, str]]:
    request = work_pb2.SetDepartmentNumberRequest(
        incident_id=str(of.id), department_number=number, replaces=replaces
    )  # fmt: skip
    answer = desk.call("SetDepartmentNumber", request, work_pb2.SetDepartmentNumberResponse, by)
    return [(each.department, each.number) for each in answer.incident.department_numbers]


def test_a_department_takes_its_most_urgent_and_every_taker_another(desk: Desk, engine: sa.Engine) -> None:
    late, soon = dispatched(), dispatched()
    soon = replace(soon, deadline=soon.filed_at)
    kept(engine, late, soon, incident(), replace(dispatched(), department=SCJG.department or ""))
    first = take(desk, number="CG-1")
    assert (first.incident_id, first.state) == (str(soon.id), incidents_pb2.INCIDENT_STATE_ACCEPTED)
    assert [(each.department, each.number) for each in first.department_numbers] == [(DEPARTMENT, "CG-1")]
    assert take(desk).incident_id == str(late.id)
    assert take(desk).incident_id == ""


def test_takers_at_once_never_get_the_same(desk: Desk, engine: sa.Engine) -> None:
    waiting = kept(engine, *(dispatched() for _ in range(8)))
    with ThreadPoolExecutor(4) as pool:
        taken = [each.incident_id for each in pool.map(lambda _: take(desk), waiting)]
    assert sorted(taken) == sorted(str(each.id) for each in waiting)


def test_who_speaks_for_no_department_takes_nothing(desk: Desk) -> None:
    with pytest.raises(Refusal) as refused:
        take(desk, by=caller(subject=WANG))
    assert refused.value.reason == "NOT_THE_HOLDER"


def test_a_departments_number_is_its_own_found_and_never_overwritten_silently(desk: Desk, engine: sa.Engine) -> None:
    one, other = kept(engine, accepted(), accepted())
    assert set_number(desk, one, "CG-1") == set_number(desk, one, "CG-1") == [(DEPARTMENT, "CG-1")]
    for of, number, replaces, reason in (
        (one, "CG-2", "", "DEPARTMENT_NUMBER_SET"),
        (one, "CG-2", "CG-9", "DEPARTMENT_NUMBER_SET"),
        (other, "CG-1", "", "DEPARTMENT_NUMBER_TAKEN"),
    ):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            set_number(desk, of, number, replaces)
        assert refused.value.reason == reason
    with pytest.raises(Refusal) as refused:
        set_number(desk, one, "SC-1", by=SCJG)
    assert refused.value.reason == "NOT_THE_HOLDER"
    assert set_number(desk, one, "CG-2", replaces="CG-1") == [(DEPARTMENT, "CG-2")]
    request = search_pb2.SearchIncidentsRequest(department_number="CG-2")
    for by in (SEAT, SCJG):
        found = desk.call("SearchIncidents", request, search_pb2.SearchIncidentsResponse, by).incidents
        assert [(each.incident_id, each.department_numbers[0].number) for each in found] == [(str(one.id), "CG-2")]


def test_a_department_that_syncs_is_told_of_numbers_and_of_their_change_and_a_reporter_is_not(
    desk: Desk, engine: sa.Engine
) -> None:
    [one] = kept(engine, accepted())
    set_number(desk, one, "CG-1")
    first, own = desk.sync(by=SCJG), desk.sync(by=caller())
    assert [each.number for each in first.changes[0].incident.department_numbers] == ["CG-1"]
    assert not own.changes[0].incident.department_numbers
    set_number(desk, one, "CG-2", replaces="CG-1")
    [changed] = desk.sync(by=SCJG, token=first.next_token).changes
    assert [each.number for each in changed.incident.department_numbers] == ["CG-2"]


def test_two_incidents_with_one_number_at_once_are_one_too_many(desk: Desk, engine: sa.Engine) -> None:
    def outcome(of: Incident) -> str:
        try:
            return set_number(desk, of, "CG-7")[0][1]
        except Refusal as refused:
            return refused.reason

    for _ in range(5):
        pair = kept(engine, accepted(), accepted())
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(outcome, pair)) == ["CG-7", "DEPARTMENT_NUMBER_TAKEN"]
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM department_number"))


def test_a_number_said_while_accepting_is_shown_to_departments_alone(desk: Desk, engine: sa.Engine) -> None:
    [waiting] = kept(engine, dispatched())
    request = grid_service_pb2.AcceptIncidentRequest(incident_id=str(waiting.id), version=2, department_number="CG-3")
    desk.call("AcceptIncident", request, grid_service_pb2.AcceptIncidentResponse, CGJ)
    read = grid_service_pb2.GetIncidentRequest(incident_id=str(waiting.id))
    answer = desk.call("GetIncident", read, grid_service_pb2.GetIncidentResponse, SEAT)
    assert [each.number for each in answer.incident.department_numbers] == ["CG-3"]
    to_reporter = desk.call("GetIncident", read, grid_service_pb2.GetIncidentResponse, caller())
    assert not to_reporter.incident.department_numbers
