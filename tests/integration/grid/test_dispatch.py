"""Dispatch by rules over a PostgreSQL: imported, explained, balanced, and taken by departments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from egov.grid.v1 import (
    grid_service_pb2,
    incidents_pb2,
    queues_pb2,
    routing_pb2,
    stages_pb2,
)

from deploy.local.stack import Stack
from services.chassis.database import create_engine, standalone
from services.chassis.moments import stamp
from services.grid.domain.catalogue import Catalogue
from services.grid.domain.decisions import Undecided
from services.grid.domain.departments import Departments
from services.grid.domain.incidents import Incident
from services.grid.domain.versions import BEGINNING
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.dispatching import LAST_DEPARTMENT, OPEN_CASES
from services.grid.store.reference import ReferenceStore, replace_departments
from services.grid.store.work import NEXT
from services.grid.usecases.dispatching import LATELY
from services.kernel.clock import SHANGHAI
from services.kernel.errors import Refusal
from services.kernel.ports import Caller
from tests.bench.grid_filling import fill
from tests.integration.grid.desk import Desk
from tests.integration.grid.plans import passed, plan_of, scans
from tests.integration.grid.routing import (
    CAPACITIES,
    CGJ,
    COLUMNS,
    SEAT,
    SHARED,
    explained,
    imported,
    kept,
    planned,
)
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid.samples import CENTRE, DEPARTMENT, FOOD, GRID, RUBBISH, TYPES, accepted, dispatched, incident, rule


def clock(hours: int) -> str:
    """The time of day so many hours from now."""
    return f"{datetime.now(SHANGHAI) + timedelta(hours=hours):%H:%M}"


def dispatch(desk: Desk, filed: Incident, to: str = "") -> incidents_pb2.Incident:
    request = grid_service_pb2.DispatchIncidentRequest(incident_id=str(filed.id), version=filed.version, department=to)
    return desk.call("DispatchIncident", request, grid_service_pb2.DispatchIncidentResponse, SEAT).incident


def test_whoever_reported_it_is_told_when_it_went_where_and_nothing_of_rules(desk: Desk, engine: sa.Engine) -> None:
    imported(desk)
    [filed] = kept(engine, incident())
    dispatch(desk, filed)
    citizen = caller()
    [told] = explained(desk, filed, by=citizen).dispatches
    assert (told.version, told.decision) == (2, routing_pb2.DispatchDecision(department=DEPARTMENT))
    assert not explained(desk, filed, by=citizen).HasField("planned")
    [waits] = kept(engine, incident())
    request = queues_pb2.GetQueueRequest(kind=queues_pb2.QUEUE_KIND_TO_DISPATCH, with_plans=True)
    queue = desk.call("GetQueue", request, queues_pb2.GetQueueResponse, citizen)
    assert ([each.incident_id for each in queue.incidents], list(queue.plans)) == ([str(waits.id)], [])


def test_how_urgent_a_rule_says_it_is_is_kept_with_the_dispatch(desk: Desk, engine: sa.Engine) -> None:
    imported(desk, COLUMNS.replace(",reason", ",reason,urgency") + "12,,,06010,371102,,,,,CGJ,,urgent\n")
    [filed] = kept(engine, incident())
    dispatch(desk, filed)
    [was] = explained(desk, filed).dispatches
    urgent, by_rule = stages_pb2.URGENCY_URGENT, routing_pb2.DISPATCH_SOURCE_RULE
    assert (was.decision.urgency, was.decision.urgency_source) == (urgent, by_rule)
    assert planned(desk).urgency == urgent


def test_a_dispatch_by_rule_is_explained_as_it_was_and_as_it_would_be(desk: Desk, engine: sa.Engine) -> None:
    version = imported(desk).version.number
    filed, *_ = kept(engine, incident(), dispatched(), accepted())
    would = explained(desk, filed).planned
    assert (would.department, list(would.rules), would.routing_version) == ("371102-SCJG", [12], version)
    sent = dispatch(desk, filed)
    assert sent.holder_department == "371102-SCJG"
    assert sent.dispatch_reason == would.text_zh
    [was] = explained(desk, filed).dispatches
    assert (was.version, was.decision) == (2, would)
    assert [(each.department, each.open, each.capacity) for each in was.decision.loads] == [
        ("371102-SCJG", 0, 10), ("371102-CGJ", 2, 20),
    ]  # fmt: skip
    assert "of 2 departments 371102-SCJG has the least load (0 of 10)" in was.decision.text_en


def test_who_named_the_department_is_told_too(desk: Desk, engine: sa.Engine) -> None:
    [filed] = kept(engine, incident())
    dispatch(desk, filed, to="371102-GAJ")
    [was] = explained(desk, filed).dispatches
    assert (was.decision.source, was.decision.department) == (routing_pb2.DISPATCH_SOURCE_PERSON, "371102-GAJ")


def test_dispatches_at_once_share_the_work_as_if_they_came_one_by_one(desk: Desk, engine: sa.Engine) -> None:
    imported(desk)
    filed = kept(engine, *(incident() for _ in range(12)))
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda each: dispatch(desk, each).holder_department, filed))
    assert sorted(sent) == ["371102-CGJ"] * 8 + ["371102-SCJG"] * 4


def test_a_tie_stays_with_the_centre_whose_queue_says_why(desk: Desk, engine: sa.Engine) -> None:
    imported(desk, COLUMNS + f"3,,,06010,,,{clock(-2)},{clock(1)},,GAJ,\n7,,,06010,,,{clock(-1)},{clock(2)},,CGJ,\n")
    [filed] = kept(engine, incident())
    with pytest.raises(Refusal) as refused:
        dispatch(desk, filed)
    assert (refused.value.reason, refused.value.params["rules"]) == (Undecided.TIE.value, "3, 7")
    request = queues_pb2.GetQueueRequest(kind=queues_pb2.QUEUE_KIND_TO_DISPATCH, with_plans=True)
    queue = desk.call("GetQueue", request, queues_pb2.GetQueueResponse, SEAT)
    [waiting], [plan] = queue.incidents, queue.plans
    assert (waiting.incident_id, plan.incident_id) == (str(filed.id), str(filed.id))
    assert waiting.HasField("deadline")
    assert plan.decision.undecided == routing_pb2.UNDECIDED_REASON_TIE
    assert (list(plan.decision.rules), plan.decision.suggested_department) == ([3, 7], "371102-GAJ")
    assert dispatch(desk, filed, to=plan.decision.suggested_department).holder_department == "371102-GAJ"


def test_what_rules_leave_to_a_person_is_a_queue_until_somebody_decides(desk: Desk, engine: sa.Engine) -> None:
    [sent] = kept(engine, dispatched())
    request = grid_service_pb2.ReturnIncidentRequest(
        incident_id=str(sent.id), version=2, reason=incidents_pb2.RETURN_REASON_UNCLEAR
    )
    desk.call("ReturnIncident", request, grid_service_pb2.ReturnIncidentResponse, CGJ)
    [waits], [plan] = undecided(desk)
    assert (waits.incident_id, plan.decision.undecided) == (str(sent.id), routing_pb2.UNDECIDED_REASON_NO_RULE)
    assert counted(desk, SEAT) == counted(desk, caller(subject=WANG, department="371100-ZHZX"), whole_region=True) == 1
    dispatch(desk, replace(sent, version=3), to="371102-HBJ")
    assert (undecided(desk), counted(desk, SEAT)) == (([], []), 0)


def undecided(desk: Desk) -> tuple[list[incidents_pb2.Incident], list[routing_pb2.PlannedDispatch]]:
    request = queues_pb2.GetQueueRequest(kind=queues_pb2.QUEUE_KIND_UNDECIDED, with_plans=True)
    queue = desk.call("GetQueue", request, queues_pb2.GetQueueResponse, SEAT)
    return list(queue.incidents), list(queue.plans)


def counted(desk: Desk, by: Caller, *, whole_region: bool = False) -> int:
    request = queues_pb2.ListQueuesRequest(whole_region=whole_region)
    queues = desk.call("ListQueues", request, queues_pb2.ListQueuesResponse, by).queues
    [count] = [each.count for each in queues if each.kind == queues_pb2.QUEUE_KIND_UNDECIDED]
    return count


def test_without_any_rule_whoever_had_the_last_one_is_suggested(desk: Desk, engine: sa.Engine) -> None:
    unknown, today = RUBBISH._replace(code="06099"), datetime.now(UTC)
    last = replace(dispatched(incident(type=unknown, at=today)), department="371102-HBJ")
    filed, _ = kept(engine, incident(type=unknown), last)
    would = explained(desk, filed).planned
    assert would.undecided == routing_pb2.UNDECIDED_REASON_NO_RULE
    assert would.suggested_department == "371102-HBJ"


def there_are(engine: sa.Engine, *codes: str) -> None:
    with engine.begin() as connection:
        replace_departments(connection, Departments(frozenset(codes)))


def test_nothing_goes_to_a_department_that_is_not_there(desk: Desk, engine: sa.Engine) -> None:
    [filed] = kept(engine, incident())
    imported(desk)
    there_are(engine, CENTRE, "371102-ZJJ")
    with pytest.raises(Refusal) as refused:
        dispatch(desk, filed, "371102-NOBODY")
    assert [(each.field, each.rule) for each in refused.value.violations] == [("department", "DEPARTMENT_UNKNOWN")]
    with pytest.raises(Refusal) as refused:
        dispatch(desk, filed)
    assert refused.value.reason == "RULE_DEPARTMENT_UNKNOWN", "those of rule 12 were dissolved after it was made"
    assert planned(desk).undecided == routing_pb2.UNDECIDED_REASON_DEPARTMENT_UNKNOWN
    faults = imported(desk, SHARED.replace("CGJ", "ZJJ"), CAPACITIES + "ZJJ,3\n").faults
    assert [(each.sheet, each.line, each.column) for each in faults] == [
        ("capacities.csv", 2, "department"),
        ("capacities.csv", 3, "department"),
        ("routing_rules.csv", 2, "departments"),
    ]


def test_what_a_dissolved_department_holds_goes_on(desk: Desk, engine: sa.Engine) -> None:
    [held] = kept(engine, dispatched())
    there_are(engine, CENTRE, "371102-SCJG")
    request = grid_service_pb2.AcceptIncidentRequest(incident_id=str(held.id), version=held.version)
    done = desk.call("AcceptIncident", request, grid_service_pb2.AcceptIncidentResponse, CGJ).incident
    assert done.state == incidents_pb2.INCIDENT_STATE_ACCEPTED


def test_what_might_be_reported_is_planned(desk: Desk) -> None:
    imported(desk)
    found = planned(desk)
    assert (found.department, list(found.rules)) == ("371102-CGJ", [12])
    for far in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)):
        with pytest.raises(Refusal) as refused:
            planned(desk, at=stamp(far))
        assert [each.rule for each in refused.value.violations] == ["PLAN_TOO_FAR"]


def test_of_many_incidents_only_open_ones_of_the_departments_are_counted_and_taken(
    engine: sa.Engine, postgres: Stack
) -> None:
    url = postgres.wiring.database("grid", owner=True)
    owner = create_engine(url, application="test-fill", pool_size=1, patience_s=None)
    fill(owner, 10_000)
    owner.dispose()
    both, lately = ["371102-CGJ", "371102-SCJG"], datetime.now(UTC) - LATELY
    with standalone(engine).connect() as connection:
        for asked, given, most in (
            (OPEN_CASES, {"departments": both}, 200),
            (NEXT, {"department": both[0], "bound": "371102"}, 200),
            (LAST_DEPARTMENT, {"code": "06010", "county": "371102", "returned_by": [], "since": lately}, 700),
        ):
            nodes = plan_of(connection, asked, given)
            assert scans(nodes) == set(), asked
            assert passed(nodes) <= most, asked


def test_the_catalogues_rules_of_many_are_those_of_each(engine: sa.Engine) -> None:
    before, elsewhere = NOW - timedelta(seconds=1), "371103001001001"
    asked = [(RUBBISH, GRID, NOW), (FOOD, GRID, NOW), (RUBBISH, GRID, before), (RUBBISH, elsewhere, NOW)]
    local = rule("ZJJ", standard="RZ-LOCAL", kind="event", code_prefix="90")
    with engine.connect() as connection:
        for rules, begin in (((rule("CGJ"),), BEGINNING), ((local, rule("GAJ", region_prefix="371103")), NOW)):
            said = Catalogue(TYPES, rules)
            CatalogueStore(connection).add(said, begin, NOW)
        reference = ReferenceStore(connection)
        each = [
            {found for found in reference.rules_for(region, at) if found.matches(key, region)}
            for key, region, at in asked
        ]
        assert [set(rules) for rules in reference.rules_for_each(asked)] == each
        assert [len(rules) for rules in each] == [0, 1, 1, 1]
        assert reference.rules_for_each([]) == []
