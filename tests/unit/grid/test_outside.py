"""What an outside body has to do is never stuck there: a clock runs for its answer, warns, goes up; it comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from egov.grid.v1 import events_pb2, outside_bodies_pb2

from services.grid import usecases
from services.grid.domain import outside
from services.grid.domain.clocks import ClockKind, Verdict
from services.grid.domain.deadlines import Level
from services.grid.domain.incidents import Incident
from services.grid.domain.standing import Which
from services.grid.domain.states import IncidentState, OutsideAnswer
from services.grid.usecases import CLOCK, Finding
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, LIMITS, FakeIncidents
from tests.unit.grid.steps import ASKED_OUTSIDE

OFFICER = caller(subject=WANG, department=DEPARTMENT)


def kept(incident: Incident) -> FakeIncidents:
    incidents = FakeIncidents()
    incidents.add(replace(incident, step=None))
    return incidents


def sent(incidents: FakeIncidents, before: Incident) -> tuple[Incident, FakeUnitOfWork]:
    uow = FakeUnitOfWork(caller=OFFICER)
    which = Which(before.id, "3711", before.version)
    return usecases.send_outside(uow, incidents, which, ASKED_OUTSIDE, LIMITS), uow


def test_whoever_sent_it_outside_holds_it_and_a_clock_runs_for_the_answer() -> None:
    at_work = samples.accepted()
    after, uow = sent(kept(at_work), at_work)
    assert (after.state, after.holder, after.deadline) == (IncidentState.OUTSIDE, DEPARTMENT, NOW + 5 * DAY)
    verdicts = {each.kind: each.verdict(NOW + DAY) for each in after.clocks if each.running}
    assert verdicts == {ClockKind.HANDLE: Verdict.PAUSED, ClockKind.ANSWER: Verdict.RUNNING}
    [event], [envelope] = uow.events, uow.envelopes
    assert isinstance(event, events_pb2.IncidentSentOutside)
    assert (envelope.deadline, event.outside_code) == (NOW + 5 * DAY, "SGCC-RZ")
    assert ASKED_OUTSIDE.body not in str(event)


def test_the_event_says_when_the_answer_is_due_also_of_what_was_late_before() -> None:
    late = replace(samples.accepted(), level=Level.COUNTY, deadline=NOW + DAY / 2)
    overdue = replace(late, clocks=tuple(replace(each, due_at=NOW - DAY) for each in late.clocks))
    after, uow = sent(kept(overdue), overdue)
    assert (after.level, after.deadline) == (Level.COUNTY, NOW + DAY / 2)
    assert uow.envelopes[0].deadline == ASKED_OUTSIDE.answer_by


def test_no_answer_is_warned_of_and_goes_up_while_the_holder_stays() -> None:
    at_work = samples.accepted()
    incidents = kept(at_work)
    after, uow = sent(incidents, at_work)
    found, levels = [], []
    for _ in range(4):
        moment = uow.dues.pop((CLOCK, str(after.id)))
        uow.at = moment
        found.append(usecases.check_clock(uow, incidents, LIMITS, after.id, moment))
        levels.append(incidents.rows[after.id].level)
    assert found == [Finding.SOON, Finding.OVERDUE, Finding.OVERDUE, Finding.OVERDUE]
    assert levels == [Level.GRID, Level.COUNTY, Level.CITY, Level.CITY]
    assert incidents.rows[after.id].holder == DEPARTMENT


@pytest.mark.parametrize("said", OutsideAnswer)
def test_an_answer_brings_it_back_and_the_department_has_the_time_that_it_had(said: OutsideAnswer) -> None:
    at_work = samples.accepted()
    incidents = kept(at_work)
    after, _ = sent(incidents, at_work)
    uow = FakeUnitOfWork(caller=OFFICER, at=NOW + 2 * DAY)
    back = usecases.record_outside_answer(
        uow, incidents, Which(after.id, "3711", after.version), said, "产权不属于本公司", LIMITS
    )
    assert at_work.handle_by and back.handle_by == at_work.handle_by + 2 * DAY == back.deadline
    assert (back.state, back.outside and back.outside.answer) == (IncidentState.ACCEPTED, said)
    [event] = uow.events
    assert isinstance(event, events_pb2.IncidentOutsideAnswered)
    assert event.answer == outside_bodies_pb2.OutsideAnswer.Value(f"OUTSIDE_ANSWER_{said}")


def test_what_is_not_done_says_why() -> None:
    there = steps.send_outside(samples.accepted())
    with pytest.raises(Refusal) as refused:
        outside.answer(
            there, OutsideAnswer.REFUSED, "", seen=there.version, by=DEPARTMENT, limits=LIMITS, now=NOW
        )  # fmt: skip
    assert [(each.field, each.rule) for each in refused.value.violations] == [("reason", "REASON_NEEDED")]


def test_the_grid_centre_is_in_charge_of_what_it_sends_outside_itself() -> None:
    there = steps.send_outside(samples.incident())
    assert (there.department, there.holder, there.handle_by) == (CENTRE, CENTRE, NOW + 3 * DAY)
    back = steps.answered(there)
    assert (back.state, back.holder, back.deadline) == (IncidentState.ACCEPTED, CENTRE, NOW + 3 * DAY)
    assert steps.give_back(back).state is IncidentState.FILED, "and dispatches it to somebody else if that led nowhere"


def test_another_date_is_another_clock() -> None:
    there = steps.send_outside(samples.accepted())
    later = replace(ASKED_OUTSIDE, answer_by=NOW + 20 * DAY)
    again = outside.send(there, later, seen=there.version, by=DEPARTMENT, limits=LIMITS, now=NOW + 4 * DAY)
    assert (again.state, again.deadline) == (IncidentState.OUTSIDE, NOW + 20 * DAY)
    assert [each.kind for each in again.clocks if each.paused and each.running] == [ClockKind.HANDLE]


@pytest.mark.parametrize("odd", [1, 123_457, 999_999])
def test_the_answer_is_due_at_the_very_moment_that_was_named(odd: int) -> None:
    it, now = samples.accepted(), NOW + timedelta(microseconds=odd)
    after = outside.send(it, ASKED_OUTSIDE, seen=it.version, by=DEPARTMENT, limits=LIMITS, now=now)
    assert after.deadline == ASKED_OUTSIDE.answer_by


def test_whoever_is_told_waits_as_long_again_however_odd_the_time_was() -> None:
    it, due, odd = samples.accepted(), ASKED_OUTSIDE.answer_by, timedelta(seconds=7_006)
    after = outside.send(it, ASKED_OUTSIDE, seen=it.version, by=DEPARTMENT, limits=LIMITS, now=due - odd)
    told = after.escalate(limits=LIMITS, now=due)
    assert told.deadline and abs(told.deadline - due - odd) < timedelta(seconds=1)


@pytest.mark.parametrize("answer_by", [NOW, NOW - timedelta(seconds=1), NOW + timedelta(days=91)])
def test_an_answer_is_due_ahead_and_not_for_ever(answer_by: datetime) -> None:
    it = samples.accepted()
    with pytest.raises(Refusal) as refused:
        outside.send(
            it, replace(ASKED_OUTSIDE, answer_by=answer_by), seen=it.version, by=DEPARTMENT, limits=LIMITS, now=NOW
        )  # fmt: skip
    assert [(each.field, each.rule) for each in refused.value.violations] == [("answer_by", "ANSWER_UNFIT")]
