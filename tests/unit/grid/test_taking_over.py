"""What a department is at work on is given to another (改派), or found to be a duplicate (并案)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from egov.grid.v1 import events_pb2

from services.grid import usecases
from services.grid.domain.clocks import ClockKind
from services.grid.domain.incidents import Incident
from services.grid.domain.inspections import ClosedInspection
from services.grid.domain.standing import Main, Which
from services.grid.domain.states import Command, HandlingOutcome, IncidentState
from services.grid.wire.telling import event_of
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, LIMITS, FakeIncidents

OTHER = "371102-HBJ"
AT_WORK = samples.accepted()
INSPECTED = steps.DO[Command.INSPECT](samples.dispatched())
TAKEN_ON = {
    "at work": AT_WORK,
    "a hold was asked for": steps.ask_hold(AT_WORK),
    "an extension was asked for": steps.ask_extension(AT_WORK),
    "extended": steps.grant(steps.ask_extension(AT_WORK)),
    "on hold": steps.grant(steps.ask_hold(AT_WORK)),
    "outside": steps.send_outside(AT_WORK),
    "inspected": INSPECTED,
    "ordered anew": steps.verify(samples.handled(), passed=False),
}
EACH = pytest.mark.parametrize("before", TAKEN_ON.values(), ids=TAKEN_ON)


def sent(before: Incident) -> Incident:
    return before.dispatch(
        seen=before.version, by=CENTRE, rules=[samples.rule()], named=OTHER, limits=LIMITS, now=NOW + DAY / 4
    )  # fmt: skip


@EACH
def test_another_department_has_all_its_time_and_nothing_of_what_the_first_asked_for(before: Incident) -> None:
    after = sent(before)
    assert (after.state, after.department, after.accepted_at) == (IncidentState.DISPATCHED, OTHER, None)
    assert (after.asked, after.review_at, after.inspection_id, after.outside) == (None, None, None, None)
    running = [each for each in after.clocks if each.running]
    assert {each.kind for each in running} == {ClockKind.ACCEPT, ClockKind.HANDLE}
    assert all((each.begun_at, each.department) == (NOW + DAY / 4, OTHER) for each in running)
    assert not any(each.paused or each.extension for each in running)
    event = event_of(before, after, NOW)
    assert isinstance(event, events_pb2.IncidentDispatched)
    assert event.taken_from == DEPARTMENT


def test_what_an_outside_body_has_answered_stays_on_record() -> None:
    answered = steps.answered(steps.send_outside(AT_WORK))
    assert sent(answered).outside == steps.merge(answered).outside == answered.outside is not None


def test_what_is_filed_again_has_no_inspection() -> None:
    at_work = INSPECTED
    closed = steps.close(steps.verify(steps.DO[Command.HANDLE](at_work)))
    for after in (steps.give_back(at_work), steps.DO[Command.REOPEN](closed)):
        assert (after.state, after.inspection_id) == (IncidentState.FILED, None)


@EACH
def test_a_duplicate_that_is_found_late_is_one_job(before: Incident) -> None:
    main = samples.incident()
    after = steps.merge(before, main)
    assert (after.state, after.main, after.department) == (
        IncidentState.MERGED, Main(main.id, main.case_number), "",
    )  # fmt: skip
    assert (after.inspection_id, after.outside) == (None, None)
    assert not any(each.running for each in after.clocks)
    event = event_of(before, after, NOW)
    assert isinstance(event, events_pb2.IncidentMerged)
    assert event.department == DEPARTMENT, "it is told that it need not act"
    split = steps.DO[Command.SPLIT](after)
    assert (split.state, split.accepted_at, split.asked) == (IncidentState.FILED, None, None)


def test_the_department_that_has_it_and_nobody_named_are_refused() -> None:
    for named, reason in ((DEPARTMENT, "SAME_DEPARTMENT"), ("", "INVALID_ARGUMENT")):
        with pytest.raises(Refusal) as refused:
            AT_WORK.dispatch(
                seen=AT_WORK.version, by=CENTRE, rules=[samples.rule()], named=named, limits=LIMITS, now=NOW
            )  # fmt: skip
        assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("after", "reason"), [(sent(INSPECTED), "WRONG_STATE"), (steps.merge(INSPECTED), "WRONG_STATE"),
                          (steps.accept(sent(INSPECTED)), "NOT_THE_HOLDER")],
)  # fmt: skip
def test_an_inspection_that_was_opened_goes_on_and_no_longer_reports_it_handled(after: Incident, reason: str) -> None:
    incidents = FakeIncidents()
    incidents.add(replace(after, step=None))
    closed = ClosedInspection(steps.INSPECTION, after.id, DEPARTMENT, HandlingOutcome.IN_ORDER)
    with pytest.raises(Refusal) as refused:
        usecases.end_inspection(FakeUnitOfWork(), incidents, closed, LIMITS)
    assert refused.value.reason == reason


def test_the_centre_merges_what_a_department_is_at_work_on() -> None:
    main, incidents = samples.accepted(), FakeIncidents()
    for each in (AT_WORK, main):
        incidents.add(replace(each, step=None))
    uow = FakeUnitOfWork(caller=caller(subject=WANG, department=CENTRE))
    usecases.merge_incident(uow, incidents, Which(AT_WORK.id, "3711", AT_WORK.version), main.id, LIMITS)
    assert incidents.rows[AT_WORK.id].state is IncidentState.MERGED
    assert uow.dues == {}, "its main incident's end has it looked at"
