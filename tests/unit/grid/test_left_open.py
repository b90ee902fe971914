"""What rules leave to a person is kept when it begins to wait, and looked at again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.grid import usecases
from services.grid.domain.decisions import Undecided
from services.grid.domain.incidents import Incident
from services.grid.domain.moments import When
from services.grid.domain.routing import Routing, RoutingRule
from services.grid.domain.standing import Which
from services.grid.domain.states import Command, IncidentState, ReturnReason
from services.kernel.regions import Region
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DEPARTMENT, GRID, LIMITS, FakeDispatching, FakeIncidents, FakeReference

HOUR = timedelta(hours=1)
# 14:00 in Shanghai is NOW.
LATER = RoutingRule(9, "", "", "", "", ("CGJ",), When(start=14 * 60 + 30, end=20 * 60), automatic=True)


def world(*rules: RoutingRule) -> tuple[FakeIncidents, FakeReference, FakeDispatching]:
    """Without a catalogue that says who."""
    reference = FakeReference()
    reference.rules = []
    return FakeIncidents(), reference, FakeDispatching(*rules)


def filed(
    uow: FakeUnitOfWork, incidents: FakeIncidents, reference: FakeReference, dispatching: FakeDispatching
) -> Incident:
    return usecases.file_incident(
        uow, incidents, reference, samples.report(), Region(GRID), "3711", LIMITS, dispatching
    )  # fmt: skip


def test_what_no_rule_speaks_of_is_left_open_and_asked_about_again() -> None:
    uow, (incidents, reference, dispatching) = FakeUnitOfWork(), world()
    incident = filed(uow, incidents, reference, dispatching)
    assert dispatching.left == {incident.id: Undecided.NO_RULE}
    assert uow.dues[usecases.DISPATCH, str(incident.id)] == NOW + HOUR


def test_what_the_catalogue_says_is_not() -> None:
    uow, (incidents, _, dispatching) = FakeUnitOfWork(), world()
    incident = filed(uow, incidents, FakeReference(), dispatching)
    assert dispatching.left == {incident.id: None}
    assert (usecases.DISPATCH, str(incident.id)) not in uow.dues


def test_what_time_may_change_is_asked_about_again_also_when_it_is_decided() -> None:
    uow, (incidents, _, dispatching) = FakeUnitOfWork(), world(replace(LATER, automatic=False))
    incident = filed(uow, incidents, FakeReference(), dispatching)
    assert dispatching.left == {incident.id: None}
    assert uow.dues.pop((usecases.DISPATCH, str(incident.id))) == NOW + HOUR
    dispatching.rules = Routing((replace(LATER, departments=("CGJ", "HBJ")), replace(LATER, number=10)))
    uow.at = NOW + HOUR
    usecases.dispatch_by_itself(uow, incidents, FakeReference(), dispatching, incident.id, LIMITS)
    assert dispatching.left == {incident.id: Undecided.TIE}
    dispatching.rules = Routing((replace(LATER, automatic=False),))
    usecases.dispatch_by_itself(uow, incidents, FakeReference(), dispatching, incident.id, LIMITS)
    assert dispatching.left == {incident.id: None}, "also of one that nobody changed since it was filed"


def test_a_department_that_is_gone_leaves_it_open_at_once() -> None:
    uow, (incidents, _, dispatching) = FakeUnitOfWork(), world()
    limits = replace(LIMITS, is_department=lambda _: False)
    incident = usecases.file_incident(
        uow, incidents, FakeReference(), samples.report(), Region(GRID), "3711", limits, dispatching
    )
    assert dispatching.left == {incident.id: Undecided.UNKNOWN}
    assert uow.dues[usecases.DISPATCH, str(incident.id)] == NOW + HOUR


def test_at_the_next_look_a_rule_may_decide_and_then_it_goes_by_itself() -> None:
    uow, (incidents, reference, dispatching) = FakeUnitOfWork(), world(LATER)
    incident = filed(uow, incidents, reference, dispatching)
    assert uow.dues[usecases.DISPATCH, str(incident.id)] == NOW, "a rule may send it, at some time of day"
    usecases.dispatch_by_itself(uow, incidents, reference, dispatching, incident.id, LIMITS)
    assert (dispatching.left[incident.id], uow.dues[usecases.DISPATCH, str(incident.id)]) == ("NO_RULE", NOW + HOUR)
    uow.at = NOW + HOUR
    usecases.dispatch_by_itself(uow, incidents, reference, dispatching, incident.id, LIMITS)
    assert incidents.rows[incident.id].department == DEPARTMENT


def test_a_person_who_was_faster_leaves_nothing_to_look_at() -> None:
    uow, (incidents, reference, dispatching) = FakeUnitOfWork(), world()
    incidents.add(samples.dispatched())
    [sent] = incidents.rows.values()
    usecases.dispatch_by_itself(uow, incidents, reference, dispatching, sent.id, LIMITS)
    assert (dispatching.left, uow.dues) == ({}, {})


RETURNED = samples.dispatched()
CLOSED = samples.closed(samples.verified(samples.handled(samples.accepted())))
CHECKED, MERGED = steps.check(steps.reported()), steps.merge(samples.incident())


@pytest.mark.parametrize("before", [RETURNED, CLOSED, CHECKED, MERGED])
def test_rules_are_asked_whenever_it_begins_to_wait_for_a_dispatch(before: Incident) -> None:
    incidents, reference, dispatching = world()
    incidents.add(replace(before, step=None))
    rules, which = usecases.Rules(dispatching, reference), Which(before.id, "3711", before.version)
    seat = FakeUnitOfWork(caller=caller(subject=WANG, department=CENTRE))
    officer = FakeUnitOfWork(caller=caller(subject=WANG, department=before.department or CENTRE))
    if before is RETURNED:
        after = usecases.return_incident(
            officer, incidents, which, reason=ReturnReason.UNCLEAR, limits=LIMITS, rules=rules
        )
    elif before is CLOSED:
        after = usecases.reopen_incident(FakeUnitOfWork(), incidents, which, limits=LIMITS, rules=rules)
    elif before is CHECKED:
        after = usecases.file_report(seat, incidents, which, LIMITS, rules)
    else:
        after = usecases.split_incident(seat, incidents, which, LIMITS, rules)
    assert after.state is IncidentState.FILED
    assert dispatching.left == {before.id: Undecided.NO_RULE}


def test_a_reopened_incident_waits_for_no_first_dispatch() -> None:
    assert not steps.DO[Command.REOPEN](CLOSED).just_filed
    assert samples.incident().just_filed
