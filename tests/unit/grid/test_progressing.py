"""Stages of the handling: each has a clock of its own, ends by its department's word, and is late by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from egov.grid.v1 import actions_pb2, clocks_pb2, events_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.grid import usecases
from services.grid.domain import holding
from services.grid.domain.catalogue import Counted
from services.grid.domain.clocks import Explained, Verdict, explain
from services.grid.domain.courses import Course
from services.grid.domain.deadlines import Level
from services.grid.domain.incidents import Incident
from services.grid.domain.progressing import report_progress
from services.grid.domain.standing import Which
from services.grid.domain.states import Who
from services.grid.wire.actions import actions_message
from services.grid.wire.clocks import clocks_message
from services.grid.wire.events import incident_escalated
from services.kernel.errors import Refusal
from services.kernel.worktime.ledger import total
from services.kernel.worktime.terms import Limit, Unit
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DEPARTMENT, LIMITS, FakeDispatching, FakeIncidents, FakeReference, rule
from tests.unit.grid.steps import stage
from tests.unit.grid.test_clocks import OFFICES, WORKING, at

HOURS, DAYS = Unit.WORKING_HOUR, Unit.WORKING_DAY
MONDAY = at("2026-11-23 09:00")


def course(counted: Counted) -> Course:
    """Stopped within 4 working hours, punished within 7 working days, gone within 20."""
    limits = (Limit(4, HOURS), Limit(7, DAYS), Limit(20, DAYS))
    return Course(tuple(stage(place, limit, counted) for place, limit in enumerate(limits, 1)))


def at_work(counted: Counted = Counted.STAGE) -> Incident:
    filed = samples.incident(at=MONDAY)
    there = filed.dispatch(
        seen=1, by=CENTRE, rules=[rule()], named="", limits=WORKING, now=MONDAY, course=course(counted)
    )  # fmt: skip
    return there.accept(seen=2, by=DEPARTMENT, limits=WORKING, now=MONDAY)


def done(incident: Incident, now: datetime) -> Incident:
    return report_progress(
        incident, condition_met=True, seen=incident.version, by=DEPARTMENT, limits=WORKING, now=now
    )  # fmt: skip


def explained(incident: Incident, now: datetime) -> list[Explained]:
    return [explain(each, OFFICES.of(DEPARTMENT), now) for each in incident.clocks if each.stage]


def test_each_stage_has_its_own_time_in_its_own_unit() -> None:
    first = at_work()
    assert first.handle_by == first.deadline == at("2026-11-23 14:30")
    second = done(first, at("2026-11-23 11:00"))
    assert (second.handle_by, second.handle_within) == (at("2026-12-02 17:30"), Limit(7, DAYS))
    third = done(second, at("2026-11-30 10:00"))
    assert third.handle_by == at("2026-12-28 17:30")
    assert third.course
    assert third.course.last


def test_limits_of_the_whole_count_from_the_dispatch_on() -> None:
    second = done(at_work(Counted.WHOLE), at("2026-11-24 11:00"))
    assert second.handle_by == at("2026-12-02 17:30"), "seven working days from the dispatch"
    third = done(second, at("2026-12-01 10:00"))
    assert third.handle_by == at("2026-12-21 17:30")
    assert {each.begun_at for each in third.clocks if each.stage} == {MONDAY}


def test_a_hold_moves_the_stages_that_count_from_the_dispatch_on() -> None:
    asked = holding.ask_hold(
        at_work(Counted.WHOLE), "备件", at("2026-11-25 09:00"), seen=3, by=DEPARTMENT, limits=WORKING, now=MONDAY
    )  # fmt: skip
    held = holding.grant_time(asked, review_at=None, units=0, seen=4, by=CENTRE, limits=WORKING, now=MONDAY)
    resumed = holding.resume(held, seen=5, by=Who.TIMER, limits=WORKING, now=at("2026-11-25 09:00"))
    later = done(resumed, at("2026-11-25 10:00")).handle_by
    assert later is not None
    assert later > at("2026-12-02 17:30"), "seven working days from the dispatch, and the hold"


def mixed() -> Incident:
    """Four working hours, then seven working days, each of the stage; the last one within 20 days of the whole."""
    first, second, third = course(Counted.STAGE).stages
    stages = Course((first, second, replace(third, counted=Counted.WHOLE)))
    filed = samples.incident(at=MONDAY)
    there = filed.dispatch(seen=1, by=CENTRE, rules=[rule()], named="", limits=WORKING, now=MONDAY, course=stages)
    return there.accept(seen=2, by=DEPARTMENT, limits=WORKING, now=MONDAY)


def test_a_limit_of_the_whole_counts_from_the_dispatch_on_after_stages_with_their_own_time() -> None:
    third = done(done(mixed(), at("2026-11-24 11:00")), at("2026-12-01 10:00"))
    assert third.handle_by == at("2026-12-21 17:30"), "as where all limits are of the whole"
    assert third.clocks[-1].begun_at == MONDAY


def test_all_holds_of_a_handling_move_a_limit_of_the_whole() -> None:
    hour = timedelta(hours=1)
    incident, now = mixed(), MONDAY
    for _ in range(2):
        asked = holding.ask_hold(
            incident, "备件", now + 24 * hour, seen=incident.version, by=DEPARTMENT, limits=WORKING, now=now
        )
        held = holding.grant_time(
            asked, review_at=None, units=0, seen=asked.version, by=CENTRE, limits=WORKING, now=now
        )
        now += 24 * hour
        incident = done(holding.resume(held, seen=held.version, by=Who.TIMER, limits=WORKING, now=now), now)
    assert [each.begin for each in incident.clocks[-1].pauses] == [MONDAY, MONDAY + 24 * hour]
    assert incident.handle_by == at("2026-12-23 09:00")


def test_a_limit_of_the_whole_counts_anew_after_a_rework_order() -> None:
    second = done(mixed(), MONDAY)
    handled = second.handle(seen=second.version, by=DEPARTMENT, limits=WORKING, now=at("2026-11-24 10:00"))
    ordered_at = at("2026-11-30 10:00")
    again = handled.verify(passed=False, seen=handled.version, by=CENTRE, limits=WORKING, now=ordered_at)
    assert done(again, at("2026-12-01 10:00")).clocks[-1].begun_at == ordered_at


@pytest.mark.parametrize(
    "before",
    [samples.accepted(), steps.grant(steps.ask_hold(samples.accepted())), steps.send_outside(samples.accepted()),
     steps.answered(steps.send_outside(samples.incident()))],
    ids=["at work", "on hold", "outside", "the centre's own"],
)  # fmt: skip
def test_a_limit_of_the_whole_counts_no_other_departments_time_that_had_no_stages(before: Incident) -> None:
    later, other = NOW + timedelta(days=10), "371102-HBJ"
    sent = before.dispatch(
        seen=before.version, by=CENTRE, rules=[rule()], named=other, limits=LIMITS, now=later,
        course=course(Counted.WHOLE),
    )  # fmt: skip
    there = sent.accept(seen=sent.version, by=other, limits=LIMITS, now=later)
    after = report_progress(there, condition_met=True, seen=there.version, by=other, limits=LIMITS, now=later)
    assert (after.clocks[-1].begun_at, after.clocks[-1].pauses) == (later, ())


def test_the_ledger_of_each_stage_sums_to_its_verdict() -> None:
    second = done(at_work(), at("2026-11-24 10:00"))
    late, running = explained(second, at("2026-11-26 12:00"))
    assert (late.verdict, running.verdict) == (Verdict.MISSED, Verdict.RUNNING)
    assert [float(each.spent) for each in (late, running)] == pytest.approx([8.5, 1 + 3.5 / 7.5])
    assert all(total(each.entries) == each.spent for each in (late, running))
    message = clocks_message([late, running], "en").clocks
    assert [(each.stage, each.stage_name_en) for each in message] == [(1, "Stage 1"), (2, "Stage 2")]
    assert message[0].verdict == clocks_pb2.CLOCK_VERDICT_MISSED


def test_a_late_stage_climbs_and_its_end_ends_that() -> None:
    first = at_work()
    assert first.deadline
    told = first.escalate(limits=WORKING, now=first.deadline)
    assert told.level is Level.COUNTY
    assert incident_escalated(first, told, first.deadline).stage == 1
    second = done(told, at("2026-11-24 10:00"))
    assert (second.level, second.deadline) == (Level.GRID, second.handle_by)
    # Two weeks late: of the whole, the time of the next stage is used up, too.
    told = at_work(Counted.WHOLE).escalate(limits=WORKING, now=at("2026-11-23 14:30"))
    assert done(told, at("2026-12-07 10:00")).level is Level.COUNTY


def test_a_stage_ends_when_what_must_be_so_is_so_and_the_last_one_when_it_is_handled() -> None:
    first = at_work()
    with pytest.raises(Refusal) as refused:
        report_progress(first, condition_met=False, seen=3, by=DEPARTMENT, limits=WORKING, now=MONDAY)
    assert [each.field for each in refused.value.violations] == ["condition_met"]
    last = done(done(first, MONDAY), MONDAY)
    with pytest.raises(Refusal) as refused:
        done(last, MONDAY)
    assert refused.value.reason == "NO_STAGE_AHEAD"
    with pytest.raises(Refusal) as refused:
        done(samples.accepted(), NOW)
    assert refused.value.reason == "NO_STAGE_AHEAD"
    handled = last.handle(seen=5, by=DEPARTMENT, limits=WORKING, now=MONDAY)
    again = handled.verify(passed=False, seen=6, by=CENTRE, limits=WORKING, now=MONDAY)
    assert (again.course, again.handle_within) == (last.course, Limit(20, DAYS)), "rework is of the stage it was at"


def test_an_extension_that_was_asked_for_a_stage_ends_with_it() -> None:
    asked = holding.ask_extension(at_work(), "雨", 2, seen=3, by=DEPARTMENT, limits=WORKING, now=MONDAY)
    assert done(asked, MONDAY).asked is None


def test_what_a_caller_may_do_says_which_stage_it_is_and_that_it_is_late() -> None:
    first = at_work()
    [early, late] = [actions_message(first, (), now).stage for now in (MONDAY, MONDAY + timedelta(days=2))]
    assert (early.position, early.of, early.late, late.late) == (1, 3, False, True)
    assert early.done_when == actions_pb2.Label(zh_cn="条件1")
    assert not actions_message(samples.accepted(), (), NOW).HasField("stage")


def test_the_dispatch_takes_the_stages_and_the_event_says_by_what_one_is_measured() -> None:
    incidents, reference = FakeIncidents(), FakeReference()
    reference.stages = [replace(each, standard="") for each in course(Counted.STAGE).stages]
    filed = samples.incident(at=MONDAY)
    incidents.add(filed)
    seat = FakeUnitOfWork(at=MONDAY, caller=caller(subject=WANG, department=CENTRE))
    usecases.dispatch_incident(
        seat, incidents, reference, Which(filed.id, "37", 1), named="", limits=WORKING, dispatching=FakeDispatching()
    )
    officer = FakeUnitOfWork(at=MONDAY, caller=caller(subject=WANG, department=DEPARTMENT))
    usecases.accept_incident(officer, incidents, Which(filed.id, "37", 2), limits=WORKING)
    usecases.report_progress(officer, incidents, Which(filed.id, "37", 3), condition_met=True, limits=WORKING)
    progressed = officer.events[-1]
    assert isinstance(progressed, events_pb2.IncidentProgressed)
    assert progressed.stage == 1
    assert progressed.stage_due_at.ToDatetime(tzinfo=NOW.tzinfo) == at("2026-11-23 14:30")
    assert officer.envelopes[-1].deadline == incidents.rows[filed.id].handle_by == at("2026-12-02 17:30")


@given(
    counted=st.sampled_from(Counted),
    stages=st.lists(st.tuples(st.integers(1, 40), st.sampled_from(Unit), st.integers(0, 400)), min_size=2, max_size=5),
)
def test_stages_follow_one_another_whatever_they_have_and_take(
    counted: Counted, stages: list[tuple[int, Unit, int]]
) -> None:
    limits = [stage(place, Limit(amount, unit), counted) for place, (amount, unit, _) in enumerate(stages, 1)]
    now, whole = MONDAY, Course(tuple(limits))
    filed = samples.incident(at=now)
    incident = filed.dispatch(
        seen=1, by=CENTRE, rules=[rule()], named="", limits=WORKING, now=now, course=whole
    )  # fmt: skip
    incident = incident.accept(seen=2, by=DEPARTMENT, limits=WORKING, now=now)
    for _, _, takes in stages[:-1]:
        now += timedelta(hours=takes)
        incident = done(incident, now)
    clocks = [each for each in incident.clocks if each.stage]
    assert [each.stage.position for each in clocks if each.stage] == list(range(1, len(stages) + 1))
    assert [each.limit for each in clocks] == [each.limit for each in limits]
    for before, after in pairwise(clocks):
        assert after.begun_at == (before.ended_at if counted is Counted.STAGE else MONDAY)
    for each in (explain(clock, WORKING.calendar(clock), now) for clock in clocks):
        assert total(each.entries) == each.spent
        assert (each.verdict is Verdict.MISSED) <= (each.used >= 1)
