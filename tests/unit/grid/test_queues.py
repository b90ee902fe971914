"""Whose an incident is in each state is what its queue says."""

from __future__ import annotations

from services.grid.domain.queues import STANDING_STILL, STATE_OF, held_by, urgency
from services.grid.domain.states import IncidentState, Who
from tests.unit.grid.samples import DEPARTMENT, accepted, closed, dispatched, handled, incident, verified


def test_the_department_holds_what_is_in_its_states_and_the_centre_the_rest() -> None:
    for each in (incident(), dispatched(), accepted(), handled(), verified()):
        assert (each.holder == DEPARTMENT) == (each.state in held_by(Who.DEPARTMENT)), each.state


def test_every_open_state_has_a_holder_and_but_for_duplicates_a_queue() -> None:
    open_states = {state for state in IncidentState if not state.ended}
    assert {*held_by(Who.CENTRE), *held_by(Who.DEPARTMENT), *held_by(Who.COORDINATOR)} == open_states
    assert set(STATE_OF.values()) == open_states - {IncidentState.MERGED}
    assert set(STANDING_STILL) < open_states


def test_what_has_no_deadline_is_as_urgent_as_it_is_old() -> None:
    assert urgency(incident()) == incident().deadline
    assert urgency(closed()) == closed().filed_at
