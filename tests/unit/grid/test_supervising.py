"""What a level above ordered is told to whoever holds it, and told again when its day has passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from egov.grid.v1 import events_pb2

from services.grid import usecases
from services.grid.domain import supervising
from services.grid.domain.actions import actions_of
from services.grid.domain.incidents import Incident
from services.grid.domain.standing import Which
from services.grid.domain.states import Command
from services.grid.domain.watching import next_look
from services.grid.usecases import CLOCK, Finding
from services.grid.wire.messages import incident_message
from services.kernel.errors import Refusal
from services.kernel.parties import Party
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, LIMITS, FakeIncidents

CITY = "371100-ZHZX"
ON_HOLD = steps.grant(steps.ask_hold(samples.accepted()))


def kept(incident: Incident) -> FakeIncidents:
    store = FakeIncidents()
    store.add(replace(incident, step=None))
    return store


def test_an_order_is_told_and_moves_no_deadline() -> None:
    at_work = samples.accepted()
    incidents, uow = kept(at_work), FakeUnitOfWork(caller=caller(subject=WANG, department=CITY))
    which = Which(at_work.id, "3711", at_work.version)
    usecases.supervise_incident(uow, incidents, which, "领导批示", NOW + DAY, LIMITS)
    after = incidents.rows[at_work.id]
    assert (after.state, after.deadline, after.holder) == (at_work.state, at_work.deadline, DEPARTMENT)
    [event], [envelope] = uow.events, uow.envelopes
    assert isinstance(event, events_pb2.IncidentSupervised)
    assert (event.supervisor, event.centre, event.department) == (CITY, CENTRE, DEPARTMENT)
    assert (envelope.holder, envelope.case_phase) == (f"department/{DEPARTMENT}", None)


@pytest.mark.parametrize("by", ["371102-HBJ", DEPARTMENT, "371121-ZHZX", "371102001-ZHZX"])
def test_only_a_grid_centre_that_is_above_may_order(by: str) -> None:
    with pytest.raises(Refusal) as refused:
        steps.supervise(samples.accepted(), by)
    assert refused.value.reason == "NOT_THE_HOLDER"


@pytest.mark.parametrize("before", [samples.accepted(), ON_HOLD], ids=["at work", "on hold"])
def test_whoever_ordered_it_is_told_once_when_its_day_has_passed(before: Incident) -> None:
    ordered = steps.supervise(before, CITY)
    assert ordered.supervision
    day = ordered.supervision.answer_by
    incidents, uow = kept(ordered), FakeUnitOfWork(at=day)
    assert next_look(ordered, LIMITS, day - timedelta(minutes=1)) == day
    assert usecases.check_clock(uow, incidents, LIMITS, before.id, day) is Finding.ORDER_MISSED
    [event] = uow.events
    assert isinstance(event, events_pb2.IncidentSupervisionMissed)
    assert (event.supervisor, event.department) == (CITY, DEPARTMENT)
    after = incidents.rows[before.id]
    assert after.supervision and after.supervision.missed
    assert uow.dues == {(CLOCK, str(before.id)): next_look(before, LIMITS, day)}, "its own time goes on"
    assert usecases.check_clock(uow, incidents, LIMITS, before.id, day) is Finding.NOTHING


def test_an_order_goes_on_with_whoever_holds_it_until_it_is_verified() -> None:
    back = steps.give_back(steps.supervise(samples.accepted()))
    sent = steps.accept(steps.dispatch(back))
    assert back.supervision is not None and sent.supervision == back.supervision
    handled = steps.DO[Command.HANDLE](sent)
    assert steps.verify(handled, passed=False).supervision == back.supervision, "rework is done under it"
    assert steps.verify(handled).supervision is None


def test_nobody_is_told_that_an_order_was_missed_which_was_handled_before_its_day() -> None:
    ordered = steps.supervise(samples.accepted(), CITY)
    later, day = NOW + timedelta(hours=1), steps.ORDERED
    handled = ordered.handle(seen=ordered.version, by=DEPARTMENT, limits=LIMITS, now=later)
    look = next_look(handled, LIMITS, later)
    assert look and look > day
    incidents, uow = kept(handled), FakeUnitOfWork(at=day)
    assert usecases.check_clock(uow, incidents, LIMITS, handled.id, day) is Finding.NOTHING
    again = handled.verify(passed=False, seen=handled.version, by=CENTRE, limits=LIMITS, now=day)
    assert next_look(again, LIMITS, day) == day, "ordered anew, it is missed"


def test_an_order_to_see_to_a_check_or_a_close_ends_with_it() -> None:
    ordered = steps.supervise(samples.handled())
    assert ordered.escalate(limits=LIMITS, now=steps.VERY_LATE).supervision == ordered.supervision
    assert steps.verify(ordered).supervision is None


def order_anew(it: Incident, by: str) -> Incident:
    return supervising.supervise(it, "省级转办", NOW + DAY, seen=it.version, by=by, limits=LIMITS, now=NOW)


def test_a_later_order_takes_the_place_of_an_earlier_one() -> None:
    for first, then in ((CENTRE, CITY), (CITY, CITY), (CENTRE, CENTRE)):
        ordered = steps.supervise(samples.accepted(), first)
        again = order_anew(ordered, then)
        assert again.supervision and (again.supervision.ordered_by, again.supervision.reason) == (then, "省级转办")


def offered(it: Incident, by: str) -> list[Command]:
    """What `ListActions` says of it to a coordinator of this centre."""
    actions = actions_of(it, [Command.SUPERVISE], by, Party("person", WANG), LIMITS, NOW)
    return [each.command for each in actions]


def test_no_lower_level_lifts_an_order_by_one_of_its_own_before_it_was_missed() -> None:
    ordered = steps.supervise(samples.accepted(), CITY)
    with pytest.raises(Refusal) as refused:
        order_anew(ordered, CENTRE)
    assert refused.value.reason == "ORDERED_ABOVE"
    assert [offered(ordered, by) for by in (CENTRE, CITY)] == [[], [Command.SUPERVISE]]
    missed = order_anew(steps.DO[Command.REMIND](ordered), CENTRE)
    assert missed.supervision and missed.supervision.ordered_by == CENTRE


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=91)])
def test_the_day_of_an_order_lies_ahead_but_not_too_far(ahead: timedelta) -> None:
    it = samples.incident()
    with pytest.raises(Refusal) as refused:
        supervising.supervise(it, "领导批示", NOW + ahead, seen=it.version, by=CENTRE, limits=LIMITS, now=NOW)
    assert [(each.field, each.rule) for each in refused.value.violations] == [("answer_by", "ORDER_UNFIT")]


def test_why_it_was_ordered_is_for_those_who_answer_for_it_and_for_who_ordered_it() -> None:
    ordered = steps.supervise(samples.accepted(), CITY)
    for who in (CENTRE, DEPARTMENT, CITY):
        assert incident_message(ordered, who).supervision.reason == "领导批示"
    for shown in (
        incident_message(ordered, "371102-SCJG").supervision,
        incident_message(ordered, None, samples.REPORTER).supervision,
    ):
        assert (shown.reason, shown.ordered_by) == ("", CITY)
