"""Duplicates end with their main incident; what was filed by mistake counts as none; a reporter rates once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from egov.grid.v1 import events_pb2

from services.grid import usecases
from services.grid.domain.clocks import ClockKind
from services.grid.domain.incidents import Incident
from services.grid.domain.merging import follow
from services.grid.domain.standing import Main, Which
from services.grid.domain.states import ClosingOutcome, Command, IncidentState
from services.grid.usecases import CLOCK, Finding
from services.grid.wire.codes import STATES_OUT
from services.grid.wire.telling import event_of
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DAY, ELSEWHERE, LIMITS, FakeIncidents, FakeReference

SEAT = caller(subject=WANG, department=CENTRE)
VOIDED = steps.void(steps.MAIN)
OBJECTED_TO = steps.DO[Command.OBJECT](steps.void(samples.dispatched()))


def kept(*incidents: Incident) -> FakeIncidents:
    store = FakeIncidents()
    for each in incidents:
        store.add(replace(each, step=None))
    return store


def merged(incidents: FakeIncidents, duplicate: Incident, main: Incident) -> FakeUnitOfWork:
    uow = FakeUnitOfWork(caller=SEAT)
    usecases.merge_incident(uow, incidents, Which(duplicate.id, "3711", duplicate.version), main.id, LIMITS)
    return uow


def looked_at(incidents: FakeIncidents, duplicate: Incident) -> tuple[Finding, FakeUnitOfWork]:
    uow = FakeUnitOfWork()
    return usecases.check_clock(uow, incidents, LIMITS, duplicate.id, NOW), uow


def test_a_duplicate_waits_for_its_main_incident_and_keeps_its_case_number() -> None:
    duplicate, main = samples.incident(), samples.dispatched()
    incidents = kept(duplicate, main)
    uow = merged(incidents, duplicate, main)
    after = incidents.rows[duplicate.id]
    assert (after.state, after.holder, after.main) == (
        IncidentState.MERGED, CENTRE, Main(main.id, main.case_number),
    )  # fmt: skip
    assert (after.case_number, after.deadline) == (duplicate.case_number, None)
    [event], [envelope] = uow.events, uow.envelopes
    assert isinstance(event, events_pb2.IncidentMerged)
    assert envelope.links == (("merged", main.case_number),)
    assert uow.dues == {}, "nobody looks at it before its main incident has ended"


@pytest.mark.parametrize(
    ("before", "state", "clock"),
    [
        (steps.reported(), IncidentState.REPORTED, ClockKind.CHECK),
        (steps.check(steps.reported()), IncidentState.CHECKED, ClockKind.FILE),
        (steps.DO[Command.FILE](steps.check(steps.reported())), IncidentState.FILED, ClockKind.DISPATCH),
        (samples.dispatched(), IncidentState.FILED, ClockKind.DISPATCH),
        (OBJECTED_TO, IncidentState.REPORTED, ClockKind.CHECK),
        (steps.check(OBJECTED_TO), IncidentState.CHECKED, ClockKind.FILE),
        (steps.DO[Command.FILE](steps.check(OBJECTED_TO)), IncidentState.FILED, ClockKind.DISPATCH),
    ],
)
def test_split_off_it_is_where_it_was_on_its_way_in(before: Incident, state: IncidentState, clock: ClockKind) -> None:
    for after in (steps.split(steps.merge(before)), follow(steps.merge(before), VOIDED, limits=LIMITS, now=NOW)):
        assert (after.state, after.main, after.department) == (state, None, "")
        assert [each.kind for each in after.clocks if each.running] == [clock]
    told = event_of(steps.merge(before), after, NOW)
    assert isinstance(told, events_pb2.IncidentSplit)
    assert told.state == STATES_OUT[state]


def test_what_was_merged_before_it_was_filed_is_filed_by_its_own_step() -> None:
    incidents, uow = kept(steps.split(steps.merge(steps.check(steps.reported())))), FakeUnitOfWork(caller=SEAT)
    [split] = incidents.rows.values()
    filed = usecases.file_report(uow, incidents, Which(split.id, "3711", split.version), LIMITS)
    assert filed.state is IncidentState.FILED
    assert [type(each) for each in uow.events] == [events_pb2.IncidentFiled]


def test_the_sweep_finds_a_duplicate_alone_when_its_main_incident_has_ended() -> None:
    duplicate, main = samples.incident(), samples.incident()
    incidents = kept(duplicate, main)
    merged(incidents, duplicate, main)
    uow = FakeUnitOfWork()
    incidents.dues = uow.dues
    uow.set_due(CLOCK, str(main.id), NOW + DAY)
    assert usecases.repair_next(uow, incidents, FakeReference(), LIMITS) is None
    incidents.save(steps.void(main))
    uow.cancel_due(CLOCK, str(main.id))
    assert usecases.repair_next(uow, incidents, FakeReference(), LIMITS) == ("UNWATCHED", duplicate.case_number)
    assert uow.dues == {(CLOCK, str(duplicate.id)): NOW}


def test_a_look_at_a_duplicate_that_comes_too_early_does_nothing() -> None:
    duplicate, main = samples.incident(), samples.dispatched()
    incidents = kept(duplicate, main)
    merged(incidents, duplicate, main)
    finding, uow = looked_at(incidents, duplicate)
    assert (finding, uow.dues, uow.events) == (Finding.NOTHING, {}, [])


@pytest.mark.parametrize("outcome", [ClosingOutcome.HANDLED, ClosingOutcome.NOT_FOUND_ON_SITE])
def test_it_ends_as_its_main_incident_ends(outcome: ClosingOutcome) -> None:
    duplicate, main = samples.incident(), samples.verified()
    incidents = kept(duplicate, main)
    merged(incidents, duplicate, main)
    uow, which = FakeUnitOfWork(caller=SEAT), Which(main.id, "3711", main.version)
    usecases.close_incident(uow, incidents, which, outcome=outcome, reason="现场无", limits=LIMITS)
    assert uow.dues == {(CLOCK, str(duplicate.id)): NOW}, "the duplicate is looked at at once"
    finding, timer = looked_at(incidents, duplicate)
    after = incidents.rows[duplicate.id]
    assert (finding, after.state, after.closing_outcome) == (Finding.FOLLOWED, IncidentState.CLOSED, outcome)
    [event], [envelope] = timer.events, timer.envelopes
    assert isinstance(event, events_pb2.IncidentClosed)
    assert (event.department, event.main_case_number) == ("", main.case_number), "no department handled it by itself"
    assert (envelope.links, envelope.case_phase) == ((("merged", main.case_number),), "closes")
    assert timer.dues == {}


def test_it_goes_on_when_its_main_incident_is_reopened_and_ends_with_it_again() -> None:
    duplicate, main = samples.incident(), samples.closed()
    incidents = kept(steps.DO[Command.FOLLOW](steps.merge(duplicate, samples.verified(samples.handled()))), main)
    closed = replace(incidents.rows[duplicate.id], main=Main(main.id, main.case_number))
    incidents.rows[duplicate.id] = closed
    uow = FakeUnitOfWork()
    usecases.reopen_incident(uow, incidents, Which(main.id, "3711", main.version), limits=LIMITS)
    assert uow.dues[CLOCK, str(duplicate.id)] == NOW, "the duplicate is looked at at once"
    finding, timer = looked_at(incidents, duplicate)
    after = incidents.rows[duplicate.id]
    assert (finding, after.state, after.main) == (Finding.FOLLOWED, IncidentState.MERGED, closed.main)
    [event], [envelope] = timer.events, timer.envelopes
    assert isinstance(event, events_pb2.IncidentRejoined)
    assert (envelope.case_phase, envelope.links) == ("opens", (("merged", main.case_number),))
    incidents.rows[main.id] = replace(main, version=9)
    assert looked_at(incidents, duplicate)[0] is Finding.FOLLOWED
    assert incidents.rows[duplicate.id].state is IncidentState.CLOSED


def test_one_that_its_own_reporter_reopened_is_by_itself_from_then_on() -> None:
    closed = steps.DO[Command.FOLLOW](steps.merge(samples.incident()))
    reopened = steps.DO[Command.REOPEN](closed)
    assert (reopened.state, reopened.main) == (IncidentState.FILED, None)


def test_it_is_split_off_when_its_main_incident_counts_as_none() -> None:
    duplicate, main = samples.incident(), samples.incident()
    incidents = kept(duplicate, main)
    merged(incidents, duplicate, main)
    usecases.void_incident(FakeUnitOfWork(caller=SEAT), incidents, Which(main.id, "37", 1), "测试", LIMITS)
    finding, uow = looked_at(incidents, duplicate)
    after = incidents.rows[duplicate.id]
    assert (finding, after.state, after.main) == (Finding.FOLLOWED, IncidentState.FILED, None)
    assert isinstance(uow.events[0], events_pb2.IncidentSplit)
    assert after.clock and after.deadline == NOW + DAY
    assert uow.dues[usecases.DISPATCH, str(duplicate.id)] == NOW, "rules are asked who takes it"


def test_it_is_split_off_from_one_that_was_voided_and_then_declined_before_anybody_looked() -> None:
    declined = steps.decline(steps.DO[Command.OBJECT](VOIDED))
    after = follow(steps.merge(samples.incident()), declined, limits=LIMITS, now=NOW)
    assert (after.state, after.main) == (IncidentState.FILED, None)


def test_the_centre_splits_off_what_is_no_duplicate() -> None:
    duplicate, main = samples.dispatched(), samples.incident()
    incidents, uow = kept(duplicate, main), FakeUnitOfWork(caller=SEAT)
    merged(incidents, duplicate, main)
    usecases.split_incident(uow, incidents, Which(duplicate.id, "37", 3), LIMITS)
    assert incidents.rows[duplicate.id].state is IncidentState.FILED
    assert isinstance(uow.events[0], events_pb2.IncidentSplit)


ITSELF = samples.incident()


@pytest.mark.parametrize(
    "main",
    [
        ITSELF,
        samples.closed(),
        steps.void(samples.incident()),
        steps.merge(samples.incident()),
        samples.incident(region=ELSEWHERE),
    ],
    ids=["itself", "closed", "voided", "merged", "another centre's"],
)
def test_a_main_incident_is_another_open_one_of_the_same_centre(main: Incident) -> None:
    with pytest.raises(Refusal) as refused:
        steps.merge(ITSELF, main)
    assert refused.value.reason == "MAIN_UNFIT"


def test_what_was_filed_by_mistake_ends_and_is_not_reopened() -> None:
    filed = samples.incident()
    incidents, uow = kept(filed), FakeUnitOfWork(caller=SEAT)
    usecases.void_incident(uow, incidents, Which(filed.id, "37", 1), "测试数据", LIMITS)
    voided = incidents.rows[filed.id]
    assert (voided.state, voided.holder, voided.closing_outcome) == (IncidentState.VOIDED, "", None)
    assert (uow.envelopes[0].case_phase, uow.dues) == ("closes", {})
    with pytest.raises(Refusal) as refused:
        voided.reopen(seen=2, by=samples.REPORTER, limits=LIMITS, now=NOW)
    assert refused.value.reason == "WRONG_STATE"


def test_whoever_reported_what_was_voided_objects_once_and_somebody_looks_on_site() -> None:
    voided = steps.void(samples.dispatched())
    looked_at = steps.DO[Command.OBJECT](voided)
    assert (looked_at.state, looked_at.holder, looked_at.department) == (IncidentState.REPORTED, CENTRE, "")
    assert (looked_at.closed_at, looked_at.closing_reason, looked_at.course) == (None, "", None)
    event = event_of(voided, looked_at, NOW)
    assert isinstance(event, events_pb2.IncidentReported)
    again = steps.void(steps.DO[Command.FILE](steps.check(looked_at)))
    with pytest.raises(Refusal) as refused:
        steps.DO[Command.OBJECT](again)
    assert refused.value.reason == "OBJECTED_ALREADY"
