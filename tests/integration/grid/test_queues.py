"""What waits for whom: the most urgent first, counted as it is listed, out of indexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from egov.grid.v1 import queues_pb2

from deploy.local.stack import Stack
from services.chassis.database import create_engine, standalone
from services.grid.domain.deadlines import Level
from services.grid.domain.incidents import Incident
from services.grid.domain.queues import STATE_OF, Desk, QueueKind, urgency
from services.grid.domain.states import IncidentState
from services.grid.store import incidents, queues
from services.grid.store.incidents import IncidentStore
from services.grid.store.queues import QueueStore, statement
from services.grid.usecases import CLOCK
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from services.kernel.parties import Party
from tests.bench.grid_filling import fill, watch
from tests.integration.grid import desk as doors
from tests.integration.grid.plans import passed, plan_of, scans
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid import steps
from tests.unit.grid.samples import (
    CENTRE,
    DEPARTMENT,
    ELSEWHERE,
    REPORTER,
    accepted,
    closed,
    dispatched,
    handled,
    incident,
    verified,
)

CITY = "371100-ZHZX"
SOON = NOW + timedelta(hours=24)
ALL = PageRequest(size=200)


def desk(department: str = "", reporter: Party | None = None, bound: str = "3711") -> Desk:
    return Desk(bound, reporter, department, NOW, SOON)


@pytest.fixture
def kept(engine: sa.Engine) -> list[Incident]:
    """One in every state, one elsewhere, one overdue that nobody was told of, and one of which somebody was."""
    late = replace(accepted(), id=uuid7(), deadline=NOW - timedelta(hours=1))
    told = replace(verified(), id=uuid7(), deadline=NOW + timedelta(days=9), level=Level.VILLAGE)
    made = [
        incident(),
        dispatched(),
        accepted(),
        handled(),
        verified(),
        closed(),
        incident(region=ELSEWHERE),
        replace(incident(), state=IncidentState.REFERRED, coordinator=CITY, returns=2),
        replace(accepted(), state=IncidentState.ON_HOLD, deadline=None),
        replace(incident(), state=IncidentState.MERGED, deadline=None),
        steps.reported(),
        steps.check(steps.reported()),
        steps.send_outside(accepted()),
        steps.send_outside(incident()),
        steps.ask_hold(accepted()),
        steps.supervise(steps.ask_extension(accepted()), CITY),
        steps.supervise(incident()),
        late,
        told,
    ]
    with engine.begin() as connection:
        for each in made:
            IncidentStore(connection).add(each)
    return made


@pytest.fixture
def store(engine: sa.Engine) -> Iterator[QueueStore]:
    with standalone(engine).connect() as connection:
        yield QueueStore(connection)


def shown(kept: list[Incident], of: Desk) -> list[Incident]:
    """What a desk holds or sees of these."""
    if of.department:
        return [each for each in kept if each.holder == of.department]
    return [each for each in kept if each.holder and each.report.region.startswith(of.bound)]


def ids(store: QueueStore, of: Desk, kind: QueueKind, size: int = 200) -> list[UUID]:
    """All pages of a queue."""
    found: list[UUID] = []
    page = PageRequest(size)
    while True:
        answer = store.page(of, kind, page)
        found += [each.id for each in answer.rows]
        if not answer.next_token:
            return found
        last = answer.rows[-1]
        page = PageRequest(size, (last.deadline or last.filed_at, last.id))


@pytest.mark.parametrize(
    "of", [desk(CENTRE), desk(DEPARTMENT), desk(CITY), desk(), desk(reporter=REPORTER), desk(bound="371121")]
)
def test_a_queue_is_counted_as_it_is_listed_and_paged(kept: list[Incident], store: QueueStore, of: Desk) -> None:
    counts = store.counts(of)
    for kind in counts:
        listed = ids(store, of, kind)
        assert len(listed) == counts[kind], kind
        assert ids(store, of, kind, size=1) == listed
    merged = sum(each.state is IncidentState.MERGED for each in shown(kept, of))
    assert sum(counts[kind] for kind in STATE_OF) + merged == len(ids(store, of, QueueKind.MINE))


def test_what_a_department_holds_is_in_its_queues_and_in_no_others(kept: list[Incident], store: QueueStore) -> None:
    for holder in (CENTRE, DEPARTMENT, CITY):
        held = {each.id for each in kept if each.holder == holder and each.state is not IncidentState.MERGED}
        assert {id for kind in STATE_OF for id in ids(store, desk(holder), kind)} == held
    everything = {each.id for each in kept if each.holder and each.state is not IncidentState.MERGED}
    assert {id for kind in STATE_OF for id in ids(store, desk(), kind)} == everything


def test_the_most_urgent_comes_first(kept: list[Incident], store: QueueStore) -> None:
    by_id = {each.id: each for each in kept}
    urgencies = [urgency(by_id[id]) for id in ids(store, desk(), QueueKind.MINE)]
    assert urgencies == sorted(urgencies)


def test_what_was_asked_for_waits_for_the_centre_and_what_was_ordered_for_whoever_holds_it(
    kept: list[Incident], store: QueueStore
) -> None:
    asked, both, ordered = kept[-5].id, kept[-4].id, kept[-3].id
    for of, to_decide, supervised in (
        (desk(CENTRE), {asked, both}, {ordered}),
        (desk(DEPARTMENT), set(), {both}),
        (desk(), {asked, both}, {both, ordered}),
        (desk(reporter=REPORTER), set(), {both, ordered}),
        (desk(bound="371121"), set(), set()),
    ):
        assert set(ids(store, of, QueueKind.TO_DECIDE)) == to_decide
        assert set(ids(store, of, QueueKind.SUPERVISED)) == supervised


def test_what_is_overdue_is_not_due_soon(kept: list[Incident], store: QueueStore) -> None:
    overdue, soon = (ids(store, desk(), kind) for kind in (QueueKind.OVERDUE, QueueKind.DUE_SOON))
    assert set(overdue) == {kept[-1].id, kept[-2].id}
    assert set(soon) == {each.id for each in kept if each.deadline == SOON and not each.state.ended}


def test_the_service_tells_a_centre_what_waits_and_a_citizen_of_their_reports(engine: sa.Engine) -> None:
    own = replace(incident(), reporter=Party("person", WANG), deadline=None)
    with engine.begin() as connection:
        for each in (own, incident()):
            IncidentStore(connection).add(each)
    door, citizen = doors.Desk(engine), caller(subject=WANG)
    seat = caller(subject=str(uuid7()), department=CENTRE, region="371102")
    for by, to_dispatch, mine in ((seat, 2, 0), (citizen, 1, 1)):
        counted = door.call("ListQueues", queues_pb2.ListQueuesRequest(), queues_pb2.ListQueuesResponse, by)
        counts = {each.kind: each.count for each in counted.queues}
        assert len(counts) == len(QueueKind)
        assert (counts[queues_pb2.QUEUE_KIND_TO_DISPATCH], counts[queues_pb2.QUEUE_KIND_MINE]) == (to_dispatch, mine)
    request = queues_pb2.GetQueueRequest(kind=queues_pb2.QUEUE_KIND_MINE)
    answer = door.call("GetQueue", request, queues_pb2.GetQueueResponse, citizen)
    assert [each.incident_id for each in answer.incidents] == [str(own.id)]


def test_of_many_incidents_none_is_read_that_is_closed(engine: sa.Engine, postgres: Stack) -> None:
    owner = create_engine(
        postgres.wiring.database("grid", owner=True), application="test-fill", pool_size=1, patience_s=None
    )
    fill(owner, 30_000)
    owner.dispose()
    with standalone(engine).connect() as connection:
        for of in (desk(CENTRE), desk("371102-CGJ"), desk(reporter=REPORTER), desk()):
            for kind in QueueKind:
                page = PageRequest(50)
                given = queues._given(of) | queues._after(page)
                nodes = plan_of(connection, statement(of, kind, page), given)
                assert scans(nodes) == set(), (of, kind)
                assert passed(nodes) <= 1200, (of, kind)


def test_the_sweep_reads_no_incident_that_somebody_will_look_at(engine: sa.Engine, postgres: Stack) -> None:
    owner = create_engine(
        postgres.wiring.database("grid", owner=True), application="test-fill", pool_size=1, patience_s=None
    )
    fill(owner, 10_000)
    watch(owner)
    owner.dispose()
    with standalone(engine).connect() as connection:
        assert IncidentStore(connection).unwatched(CLOCK) is None
        whole, *_ = plan_of(connection, incidents._UNWATCHED, {"timer": CLOCK})
        assert whole["Shared Hit Blocks"] + whole["Shared Read Blocks"] < 100, "300 are open"
