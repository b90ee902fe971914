"""Whose an incident is in each state is what its queue says."""

from __future__ import annotations

from services.grid.domain.queues import AT_DEPARTMENT, STATE_OF, urgency
from services.grid.domain.states import IncidentState
from tests.unit.grid.samples import DEPARTMENT, accepted, closed, dispatched, handled, incident, verified


def test_the_department_holds_what_is_in_its_states_and_the_centre_the_rest() -> None:
    for each in (incident(), dispatched(), accepted(), handled(), verified()):
        assert (each.holder == DEPARTMENT) == (each.state in AT_DEPARTMENT), each.state


def test_every_open_state_has_a_queue() -> None:
    assert set(STATE_OF.values()) == set(IncidentState) - {IncidentState.CLOSED}


def test_what_has_no_deadline_is_as_urgent_as_it_is_old() -> None:
    assert urgency(incident()) == incident().deadline
    assert urgency(closed()) == closed().filed_at
