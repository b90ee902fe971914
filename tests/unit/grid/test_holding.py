"""Holds and extensions: who asks, who decides, and what the clocks show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from egov.grid.v1 import clocks_pb2, events_pb2, time_requests_pb2

from services.grid import usecases
from services.grid.domain import holding
from services.grid.domain.clocks import Clock, ClockKind, Verdict, explain
from services.grid.domain.incidents import Incident
from services.grid.domain.showing import shown_to
from services.grid.domain.standing import Which
from services.grid.domain.states import IncidentState
from services.grid.usecases import CLOCK, Finding
from services.grid.wire.clocks import clocks_message
from services.kernel.errors import Refusal
from services.kernel.worktime.ledger import total
from services.kernel.worktime.stretches import Reason
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, LIMITS, FakeIncidents
from tests.unit.grid.steps import REVIEW
from tests.unit.grid.test_clocks import OFFICES, WORKING, at, dispatched

HOUR = timedelta(hours=1)
AT_WORK = samples.accepted()
ON_HOLD = steps.grant(steps.ask_hold(AT_WORK))
EXTENDED = steps.grant(steps.ask_extension(AT_WORK))


def handling(incident: Incident) -> Clock:
    """The department's clock, beside which that of a decision may have run."""
    return next(each for each in reversed(incident.clocks) if each.kind is ClockKind.HANDLE)


def reason_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.violations[0].rule if refused.value.violations else refused.value.reason


def test_a_hold_stops_the_clock_until_its_review() -> None:
    assert (ON_HOLD.state, ON_HOLD.holder, ON_HOLD.deadline) == (IncidentState.ON_HOLD, DEPARTMENT, REVIEW)
    assert (ON_HOLD.hold_reason, ON_HOLD.clock, ON_HOLD.asked) == ("备件未到", None, None)
    again = holding.resume(ON_HOLD, seen=ON_HOLD.version, by=DEPARTMENT, limits=LIMITS, now=NOW + 10 * DAY)
    assert AT_WORK.handle_by
    assert again.deadline == again.handle_by == AT_WORK.handle_by + 10 * DAY
    assert (again.review_at, again.hold_reason) == (None, "")


def test_asking_stops_nothing() -> None:
    asked = steps.ask_hold(AT_WORK)
    assert (asked.state, asked.deadline, asked.clocks[:-1]) == (AT_WORK.state, AT_WORK.deadline, AT_WORK.clocks)
    late = asked.escalate(limits=LIMITS, now=NOW + 9 * DAY)
    refused = holding.refuse_time(
        late, "可以按期完成", seen=late.version, by=CENTRE, limits=LIMITS, now=NOW + 9 * DAY
    )  # fmt: skip
    assert (refused.level, refused.deadline) == (late.level, late.deadline), "whoever asks is late all the same"


def test_a_hold_is_explained_and_sums_to_the_verdict() -> None:
    resumed = holding.resume(ON_HOLD, seen=ON_HOLD.version, by=DEPARTMENT, limits=LIMITS, now=NOW + 10 * DAY)
    for incident, verdict, now in (
        (ON_HOLD, Verdict.PAUSED, NOW + 9 * DAY),
        (resumed, Verdict.RUNNING, NOW + 10 * DAY + HOUR),
        (resumed, Verdict.OVERDUE, NOW + 12 * DAY),
    ):
        clock = next(each for each in incident.clocks if each.kind is ClockKind.HANDLE)
        explained = explain(clock, OFFICES.of(DEPARTMENT), now)
        assert explained.verdict is verdict
        assert total(explained.entries) == explained.spent
        assert Reason.PAUSE in {entry.reason for entry in explained.entries if not entry.counted}
        assert (explained.used > 1) == (verdict is Verdict.OVERDUE)
    (message,) = clocks_message([explained], "zh-CN").clocks
    assert "挂账或转外部单位期间，不计时。" in {entry.text for entry in message.entries}
    (message,) = clocks_message([explain(handling(ON_HOLD), OFFICES.of(DEPARTMENT), NOW + DAY)], "en").clocks
    assert (message.verdict, message.text) == (
        clocks_pb2.CLOCK_VERDICT_PAUSED,
        "On hold or with an outside body: it stands still.",
    )


def test_working_days_of_a_hold_do_not_count() -> None:
    accepted = dispatched(WORKING).accept(seen=2, by=DEPARTMENT, limits=WORKING, now=NOW)
    assert accepted.handle_by == at("2026-11-30 17:30")
    asked = steps.ask_hold(accepted)
    held = holding.grant_time(
        asked, review_at=None, units=0, seen=asked.version, by=CENTRE, limits=WORKING, now=at("2026-11-24 08:00")
    )
    resumed = holding.resume(held, seen=held.version, by=DEPARTMENT, limits=WORKING, now=at("2026-11-26 08:00"))
    assert resumed.handle_by == at("2026-12-02 17:30")


def test_what_is_handled_during_a_hold_was_handled_in_time() -> None:
    now = NOW + 20 * DAY
    done = ON_HOLD.handle(seen=ON_HOLD.version, by=DEPARTMENT, limits=LIMITS, now=now)
    clock = next(each for each in done.clocks if each.kind is ClockKind.HANDLE)
    assert (clock.verdict(now), clock.pauses[-1].end) == (Verdict.KEPT, now)


def test_a_clock_that_was_late_when_it_was_paused_stays_late() -> None:
    late = holding.grant_time(
        steps.ask_hold(AT_WORK), review_at=None, units=0, seen=4, by=CENTRE, limits=LIMITS, now=NOW + 5 * DAY
    )
    assert handling(late).verdict(NOW + 6 * DAY) is Verdict.OVERDUE


def test_an_extension_moves_the_deadline_and_is_granted_once() -> None:
    assert AT_WORK.handle_by
    assert EXTENDED.handle_by == EXTENDED.deadline == AT_WORK.handle_by + 12 * HOUR
    clock = handling(EXTENDED)
    assert (str(clock.limit), clock.extension) == ("24 clock hours", 12)
    assert explain(clock, OFFICES.of(DEPARTMENT), NOW + 36 * HOUR).used == 1
    with pytest.raises(Refusal) as refused:
        steps.ask_extension(EXTENDED)
    assert reason_of(refused) == "EXTENDED_ALREADY"
    handled = EXTENDED.handle(seen=EXTENDED.version, by=DEPARTMENT, limits=LIMITS, now=NOW)
    assert steps.ask_extension(steps.verify(handled, passed=False)).asked, "another handling may be extended anew"


def test_what_was_refused_may_be_asked_for_again_and_says_why() -> None:
    refused = steps.refuse(steps.ask_extension(AT_WORK))
    assert (refused.deadline, refused.refusal_reason) == (AT_WORK.deadline, "可以按期完成")
    assert steps.ask_extension(refused).refusal_reason == ""


def test_the_centre_may_grant_less_than_was_asked_for() -> None:
    asked = steps.ask_extension(AT_WORK, 12)
    less = holding.grant_time(asked, review_at=None, units=6, seen=4, by=CENTRE, limits=LIMITS, now=NOW)
    assert handling(less).extension == 6
    with pytest.raises(Refusal) as refused:
        holding.grant_time(asked, review_at=None, units=13, seen=4, by=CENTRE, limits=LIMITS, now=NOW)
    assert reason_of(refused) == "UNITS_UNFIT"


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_review_lies_ahead_but_not_too_far(days: int) -> None:
    with pytest.raises(Refusal) as refused:
        holding.ask_hold(AT_WORK, "无", NOW + days * DAY, seen=3, by=DEPARTMENT, limits=LIMITS, now=NOW)
    assert reason_of(refused) == "REVIEW_UNFIT"


def test_one_thing_is_asked_for_at_a_time_and_nothing_is_decided_that_was_not_asked_for() -> None:
    with pytest.raises(Refusal) as refused:
        steps.ask_extension(steps.ask_hold(AT_WORK))
    assert reason_of(refused) == "TIME_ASKED_ALREADY"
    for decide in (steps.grant, steps.refuse):
        with pytest.raises(Refusal) as refused:
            decide(AT_WORK)
        assert reason_of(refused) == "NO_TIME_ASKED"


def test_more_time_is_asked_for_in_time() -> None:
    with pytest.raises(Refusal) as refused:
        holding.ask_extension(AT_WORK, "无", 1, seen=3, by=DEPARTMENT, limits=LIMITS, now=NOW + 9 * DAY)
    assert reason_of(refused) == "TIME_IS_UP"


def kept(incident: Incident) -> FakeIncidents:
    incidents = FakeIncidents()
    incidents.add(replace(incident, step=None))
    return incidents


def test_a_request_and_its_grant_are_told_and_watched() -> None:
    incidents, officer = kept(AT_WORK), FakeUnitOfWork(caller=caller(subject=WANG, department=DEPARTMENT))
    which = Which(AT_WORK.id, "3711", AT_WORK.version)
    usecases.ask_hold(officer, incidents, which, "备件未到", REVIEW, LIMITS)
    seat = FakeUnitOfWork(caller=caller(subject=WANG, department=CENTRE))
    which = which._replace(seen=AT_WORK.version + 1)
    usecases.decide_time(
        seat, incidents, which, granted=True, reason="", review_at=REVIEW - DAY, units=0, limits=LIMITS
    )
    [asked], [held] = officer.events, seat.events
    assert isinstance(asked, events_pb2.IncidentTimeAsked) and isinstance(held, events_pb2.IncidentHeld)
    assert asked.kind == time_requests_pb2.TIME_REQUEST_KIND_HOLD
    assert seat.envelopes[0].deadline == REVIEW - DAY
    assert seat.dues[CLOCK, str(AT_WORK.id)] == REVIEW - DAY


def test_at_its_review_a_hold_is_over_by_itself() -> None:
    uow, incidents = FakeUnitOfWork(), kept(ON_HOLD)
    assert usecases.check_clock(uow, incidents, LIMITS, ON_HOLD.id, NOW + DAY) is Finding.NOTHING
    uow.at = REVIEW
    assert usecases.check_clock(uow, incidents, LIMITS, ON_HOLD.id, REVIEW) is Finding.RESUMED
    [event] = uow.events
    assert isinstance(event, events_pb2.IncidentResumed) and event.review_due
    after = incidents.rows[ON_HOLD.id]
    assert (after.state, after.deadline) == (IncidentState.ACCEPTED, REVIEW + DAY)
    assert uow.dues[CLOCK, str(ON_HOLD.id)] > REVIEW


def test_an_extension_says_why_the_deadline_moved() -> None:
    incidents, seat = kept(steps.ask_extension(AT_WORK)), FakeUnitOfWork(caller=caller(subject=WANG, department=CENTRE))
    usecases.decide_time(
        seat, incidents, Which(AT_WORK.id, "37", 4), granted=True, reason="", review_at=None, units=0, limits=LIMITS
    )
    [event] = seat.events
    assert isinstance(event, events_pb2.IncidentDeadlineMoved)
    assert (event.cause, event.department) == (time_requests_pb2.DEADLINE_CAUSE_EXTENSION, DEPARTMENT)


def test_a_department_goes_on_before_the_review() -> None:
    incidents, officer = kept(ON_HOLD), FakeUnitOfWork(caller=caller(subject=WANG, department=DEPARTMENT))
    usecases.resume_incident(officer, incidents, Which(ON_HOLD.id, "37", ON_HOLD.version), LIMITS)
    [event] = officer.events
    assert isinstance(event, events_pb2.IncidentResumed) and not event.review_due


def test_what_departments_write_about_time_others_do_not_see() -> None:
    asked, refused = steps.ask_hold(AT_WORK), steps.refuse(steps.ask_hold(AT_WORK))
    for department, party, requests, hold in (
        (CENTRE, None, True, True),
        (DEPARTMENT, None, True, True),
        (None, samples.REPORTER, False, True),
        ("371102-SCJG", None, False, False),
    ):
        seen = shown_to(asked, department, party)
        assert seen.asked and bool(seen.asked.reason) == requests
        assert bool(shown_to(refused, department, party).refusal_reason) == requests
        assert bool(shown_to(ON_HOLD, department, party).hold_reason) == hold


@pytest.mark.parametrize(
    ("asked", "granted", "said", "violations"),
    [
        (steps.ask_extension(AT_WORK), True, {"review_at": REVIEW}, [("review_at", "HOLD_ONLY")]),
        (steps.ask_hold(AT_WORK), True, {"units": 3}, [("units", "EXTENSION_ONLY")]),
        (
            steps.ask_hold(AT_WORK), False, {"review_at": REVIEW, "units": 3},
            [("review_at", "HOLD_ONLY"), ("units", "EXTENSION_ONLY")],
        ),
    ],
    ids=["a review of an extension", "units of a hold", "both of a refusal"],
)  # fmt: skip
def test_what_would_be_passed_over_is_not_taken(
    asked: Incident, granted: bool, said: dict[str, Any], violations: list[tuple[str, str]]
) -> None:
    incidents, uow = FakeIncidents(), FakeUnitOfWork(caller=caller(subject=WANG, department=CENTRE))
    incidents.add(replace(asked, step=None))
    decided: dict[str, Any] = {"granted": granted, "reason": "不批", "review_at": None, "units": 0, "limits": LIMITS}
    with pytest.raises(Refusal) as refused:
        usecases.decide_time(uow, incidents, Which(asked.id, "3711", asked.version), **(decided | said))
    assert [(each.field, each.rule) for each in refused.value.violations] == violations
