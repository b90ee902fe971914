"""The decision on a hold or an extension has a time of its own: who is told that it is not made, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from egov.grid.v1 import clocks_pb2, events_pb2

from services.grid import usecases
from services.grid.domain import holding
from services.grid.domain.calendars import Calendars
from services.grid.domain.clocks import ClockKind, Verdict, explain
from services.grid.domain.incidents import Incident
from services.grid.domain.states import Command
from services.grid.domain.watching import reckoned
from services.grid.usecases import CLOCK, Finding
from services.grid.wire.clocks import clocks_message
from services.kernel.worktime.calendars import NationalCalendar
from services.kernel.worktime.terms import Limit, Unit
from tests.unit.fakes import NOW, FakeUnitOfWork
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, LIMITS, FakeIncidents
from tests.unit.grid.steps import REVIEW
from tests.unit.grid.test_clocks import OFFICES, WORKING, at

HOUR = timedelta(hours=1)
AT_WORK = samples.accepted()
STAGED = steps.accept(steps.dispatch(samples.incident()))
LONG = samples.accepted(
    samples.incident().dispatch(seen=1, by=CENTRE, rules=[samples.rule(hours=900)], named="", limits=LIMITS, now=NOW)
)


def look(uow: FakeUnitOfWork, incidents: FakeIncidents, incident: Incident) -> Finding:
    """The moment has come for which it was set last."""
    moment = uow.dues.pop((CLOCK, str(incident.id)))
    uow.at = max(uow.at, moment)
    return usecases.check_clock(uow, incidents, LIMITS, incident.id, moment)


def asked_long_ago(uow: FakeUnitOfWork, incidents: FakeIncidents, looks: int) -> list[tuple[int, int, str]]:
    """After how many hours somebody was told that nothing is decided, how many limits had passed, and who was told."""
    incidents.add(steps.ask_hold(LONG))
    uow.dues[CLOCK, str(LONG.id)] = NOW
    assert look(uow, incidents, LONG) is Finding.NOTHING
    told = []
    for _ in range(looks):
        assert look(uow, incidents, LONG) is Finding.UNDECIDED
        event = uow.events[-1]
        assert isinstance(event, events_pb2.IncidentDecisionAwaited)
        told.append(((uow.at - NOW) // HOUR, event.limits_passed, event.supervisor))
    return told


def test_whoever_does_not_decide_is_warned_and_then_the_level_above_told_again_and_again() -> None:
    uow, incidents = FakeUnitOfWork(), FakeIncidents()
    city = "371100-ZHZX"
    assert asked_long_ago(uow, incidents, 5) == [
        (19, 0, ""), (24, 1, city), (48, 2, city), (72, 3, city), (96, 3, city),
    ]  # fmt: skip
    waiting = incidents.rows[LONG.id]
    assert (waiting.level, waiting.deadline, waiting.holder) == (LONG.level, LONG.deadline, DEPARTMENT)
    assert uow.envelopes[-1].deadline == LONG.handle_by, "the department has its time"
    assert uow.envelopes[-1].holder == f"department/{DEPARTMENT}"


def test_a_decision_is_explained_like_any_step_and_is_late_by_itself() -> None:
    decided_at = NOW + 30 * HOUR
    refused = holding.refuse_time(
        steps.ask_hold(LONG), "可以按期完成", seen=4, by=CENTRE, limits=LIMITS, now=decided_at
    )  # fmt: skip
    explained = explain(refused.clocks[-1], OFFICES.of(CENTRE), decided_at)
    assert (explained.verdict, float(explained.used)) == (Verdict.MISSED, 1.25)
    (message,) = clocks_message([explained], "en").clocks
    assert (message.kind, message.department) == (clocks_pb2.CLOCK_KIND_DECIDE, CENTRE)


def test_a_request_waits_for_nobody_once_it_is_decided_or_the_work_is_done_or_handed_on() -> None:
    asked = steps.ask_extension(AT_WORK)
    for after in (steps.grant(asked), steps.refuse(asked), steps.give_back(asked), steps.send_outside(asked),
                  steps.DO[Command.HANDLE](asked), steps.progress(steps.ask_extension(STAGED))):  # fmt: skip
        assert (after.asked, after.decision) == (None, None)
        assert [each.kind for each in after.clocks if each.kind is ClockKind.DECIDE] == [ClockKind.DECIDE]
    assert steps.progress(steps.ask_hold(STAGED)).decision, "a hold may be granted in the next stage, too"


def test_a_calendar_that_gives_the_centre_more_time_has_it_warned_anew() -> None:
    limits = replace(WORKING, decide=Limit(1, Unit.WORKING_DAY))
    asked = holding.ask_hold(AT_WORK, "无", REVIEW, seen=3, by=DEPARTMENT, limits=limits, now=NOW)
    late_at = at("2026-11-24 17:30")
    told = holding.chase(asked, limits=limits, now=late_at)
    assert told.decision
    assert limits.next_told(told.decision) == late_at + DAY
    holiday = NationalCalendar(frozenset({2026}), frozenset({late_at.date()}))
    corrected = replace(limits, calendar_of=Calendars(holiday, OFFICES.shifts).of)
    moved = reckoned(told, corrected, late_at).decision
    assert moved
    assert corrected.next_told(moved) == at("2026-11-25 17:30")
