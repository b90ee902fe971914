"""Dispatch by rules over a PostgreSQL: imported, explained, balanced, and taken by departments."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from egov.grid.v1 import (
    catalogue_pb2,
    grid_service_pb2,
    incidents_pb2,
    queues_pb2,
    routing_pb2,
    search_pb2,
    stages_pb2,
    work_pb2,
)

from deploy.local.stack import Stack
from services.chassis.database import create_engine, standalone
from services.chassis.moments import stamp
from services.grid.domain.catalogue import Catalogue
from services.grid.domain.decisions import Undecided
from services.grid.domain.departments import Departments
from services.grid.domain.incidents import Incident
from services.grid.domain.versions import BEGINNING
from services.grid.load_routing import main
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.dispatching import LAST_DEPARTMENT, OPEN_CASES
from services.grid.store.incidents import IncidentStore
from services.grid.store.reference import ReferenceStore, replace_departments
from services.grid.store.work import NEXT
from services.grid.usecases.dispatching import LATELY
from services.kernel.clock import SHANGHAI
from services.kernel.errors import Refusal
from services.kernel.ports import Caller
from tests.bench.grid_filling import fill
from tests.integration.grid.desk import Desk
from tests.integration.grid.plans import passed, plan_of, scans
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid.samples import CENTRE, DEPARTMENT, FOOD, GRID, RUBBISH, TYPES, accepted, dispatched, incident, rule

COLUMNS = "rule,standard,kind,code_prefix,region_prefix,days,start,end,off_duty,departments,reason\n"
SHARED = COLUMNS + "12,,,06010,371102,,,,,CGJ;SCJG,\n"
CAPACITIES = "department,capacity\nCGJ,20\nSCJG,10\n"
OPERATOR, SEAT = caller(subject=WANG), caller(subject=WANG, department=CENTRE, region="371102")
CGJ, SCJG = (caller(subject=WANG, department=f"371102-{each}", region="371102") for each in ("CGJ", "SCJG"))


@pytest.fixture
def desk(engine: sa.Engine) -> Iterator[Desk]:
    yield Desk(engine)
    with engine.begin() as connection:
        for table in ("routing_rule", "routing_capacity", "routing", "department"):
            connection.execute(sa.text(f"DELETE FROM {table}"))


def imported(
    desk: Desk, rules: str = SHARED, capacities: str = CAPACITIES, **said: Any
) -> routing_pb2.ImportRoutingResponse:
    sheets = {"routing_rules.csv": rules, "capacities.csv": capacities}
    sent = [routing_pb2.RoutingSheet(name=name, content=text.encode()) for name, text in sheets.items()]
    request = routing_pb2.ImportRoutingRequest(sheets=sent, **said)
    return desk.call("ImportRouting", request, routing_pb2.ImportRoutingResponse, OPERATOR)


def kept(engine: sa.Engine, *incidents: Incident) -> list[Incident]:
    with engine.begin() as connection:
        for each in incidents:
            IncidentStore(connection).add(each)
    return list(incidents)


def clock(hours: int) -> str:
    """The time of day so many hours from now."""
    return f"{datetime.now(SHANGHAI) + timedelta(hours=hours):%H:%M}"


def dispatch(desk: Desk, filed: Incident, to: str = "") -> incidents_pb2.Incident:
    request = grid_service_pb2.DispatchIncidentRequest(incident_id=str(filed.id), version=filed.version, department=to)
    return desk.call("DispatchIncident", request, grid_service_pb2.DispatchIncidentResponse, SEAT).incident


def explained(desk: Desk, of: Incident, by: Caller = SEAT) -> routing_pb2.ExplainDispatchResponse:
    request = routing_pb2.ExplainDispatchRequest(incident_id=str(of.id))
    return desk.call("ExplainDispatch", request, routing_pb2.ExplainDispatchResponse, by)


def planned(desk: Desk, **said: Any) -> routing_pb2.DispatchDecision:
    key = incidents_pb2.IncidentTypeKey(standard=RUBBISH.standard, kind=incidents_pb2.INCIDENT_KIND_EVENT, code="06010")
    request = routing_pb2.PlanDispatchRequest(type=key, region="371102001001", **said)
    return desk.call("PlanDispatch", request, routing_pb2.PlanDispatchResponse, SEAT).planned


def take(desk: Desk, by: Any = CGJ, number: str = "") -> incidents_pb2.Incident:
    request = work_pb2.TakeNextIncidentRequest(department_number=number)
    return desk.call("TakeNextIncident", request, work_pb2.TakeNextIncidentResponse, by).incident


def set_number(desk: Desk, of: Incident, number: str, replaces: str = "", by: Any = CGJ) -> list[tuple[str, str]]:
    request = work_pb2.SetDepartmentNumberRequest(
        incident_id=str(of.id), department_number=number, replaces=replaces
    )  # fmt: skip
    answer = desk.call("SetDepartmentNumber", request, work_pb2.SetDepartmentNumberResponse, by)
    return [(each.department, each.number) for each in answer.incident.department_numbers]


def test_rules_are_imported_once_and_listed(desk: Desk) -> None:
    assert imported(desk).outcome == catalogue_pb2.CATALOGUE_OUTCOME_IMPORTED
    again = imported(desk)
    assert again.outcome == catalogue_pb2.CATALOGUE_OUTCOME_UNCHANGED
    listed = desk.call("ListRoutings", routing_pb2.ListRoutingsRequest(), routing_pb2.ListRoutingsResponse, OPERATOR)
    numbers = [each.number for each in listed.routings]
    assert numbers == sorted(set(numbers), reverse=True)
    assert numbers[0] == again.version.number


def test_rules_begin_when_they_are_said_to_and_never_in_the_past(desk: Desk) -> None:
    now, tomorrow = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(Refusal) as refused:
        imported(desk, effective_from=stamp(now - timedelta(minutes=1)))
    assert [tuple(each)[:2] for each in refused.value.violations] == [("effective_from", "ROUTING_IN_PAST")]
    assert imported(desk, dry_run=True).outcome == catalogue_pb2.CATALOGUE_OUTCOME_CHECKED
    assert imported(desk, effective_from=stamp(tomorrow)).version.number
    assert not planned(desk).rules
    assert list(planned(desk, at=stamp(tomorrow)).rules) == [12]


def test_with_faults_nothing_is_taken_and_all_are_named(desk: Desk) -> None:
    answer = imported(desk, COLUMNS + "0,,,06010,,,25:00,,,CGJ;YJJ,\n1,,,,371102,,,,,371103-CGJ,\n")
    assert answer.outcome == catalogue_pb2.CATALOGUE_OUTCOME_FAULTY
    assert [(each.line, each.column, each.rule) for each in answer.faults] == [
        (2, "rule", "sheet_whole"), (2, "start", "sheet_time"), (2, "end", "sheet_times_both"),
        (3, "departments", "sheet_department_elsewhere"),
    ]  # fmt: skip
    assert not explained(desk, kept(desk.runtime.engine, incident())[0]).planned.rules


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


def test_the_command_takes_a_folder_or_names_every_fault_in_both_languages(
    desk: Desk, postgres: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL_GRID_OWNER", postgres.wiring.database("grid", True))
    (tmp_path / "capacities.csv").write_text(CAPACITIES)
    for rules, code in ((COLUMNS + "1,,,,,,25:00,08:00,,CGJ,\n2,,,06,,,,,,CGJ;YJJ,\n", 1), (SHARED, 0), (SHARED, 0)):
        (tmp_path / "routing_rules.csv").write_text(rules)
        assert main([str(tmp_path)]) == code
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "routing_rules.csv:2: start: must be a time such as 08:30, or 24:00, or empty"
        "  须为 08:30 这样的时刻，或 24:00，或留空。",
        "routing_rules.csv:3: departments: of several departments each needs a capacity in capacities.csv: YJJ has none"
        "  规则有多个部门时，YJJ 须在 capacities.csv 中有容量。",
    ]
    told = [line.split(", ")[0] for line in said.out.splitlines()]
    assert told == ["grid: 1 routing rules imported", "grid: 1 routing rules unchanged"]
    assert main([str(tmp_path), "--from", "2026-01-01T00:00:00+08:00", "--dry-run"]) == 1
    assert "in the past" in capsys.readouterr().err


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
