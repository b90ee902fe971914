"""The table of the life cycle: what it says is what happens, and it leaves nobody without a way."""

from __future__ import annotations

import pytest

from services.chassis.envelope import seal
from services.grid.domain.actions import actions_of
from services.grid.domain.conditions import REFUSED_AS
from services.grid.domain.states import Command, IncidentState, Who
from services.grid.domain.transitions import HELD_BY, TRANSITIONS, Given, Step
from services.grid.wire.actions import WAYS
from services.grid.wire.telling import event_of
from services.kernel import texts
from services.kernel.ids import uuid7
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import LIMITS
from tests.unit.grid.steps import TAKEN

OPEN = [state for state in IncidentState if not state.ended]


EACH = pytest.mark.parametrize(("pair", "step"), TRANSITIONS.items(), ids=map("-".join, TRANSITIONS))


def test_every_step_of_the_table_can_be_taken_and_no_other() -> None:
    assert TAKEN.keys() == TRANSITIONS.keys()


@EACH
def test_a_step_does_what_the_table_says(pair: tuple[IncidentState, Command], step: Step) -> None:
    before, after = TAKEN[pair]
    assert (after.state, after.version) == (step.to, before.version + 1)
    running = {each.kind for each in before.clocks if each.running}
    now_running = {each.kind for each in after.clocks if each.running}
    assert now_running == running - set(step.stops) | set(step.starts)
    stood = {each.kind for each in before.clocks if each.running and each.paused}
    stands = {each.kind for each in after.clocks if each.running and each.paused}
    assert stands == stood - set(step.resumes) - set(step.stops) | set(step.pauses)
    both = zip(before.clocks, after.clocks, strict=False)
    assert {was.kind for was, each in both if was.running and not each.running} == set(step.stops) & running


@EACH
def test_a_step_emits_the_event_that_the_table_names(pair: tuple[IncidentState, Command], step: Step) -> None:
    before, after = TAKEN[pair]
    event = event_of(before, after, NOW)
    envelope = seal(event, id=str(uuid7()), source="/egov/test", time=NOW, case_number=None, actor=None)
    assert envelope.type == f"egov.grid.v1.{step.emits}"
    assert envelope.case_number == after.case_number
    assert envelope.holder == (f"department/{after.holder}" if after.holder else None)
    assert (envelope.case_phase == "closes") == (after.state.ended and not before.state.ended)


def test_every_open_state_has_a_holder_and_a_way_on_that_a_person_may_take() -> None:
    assert set(HELD_BY) == set(OPEN)
    for state in OPEN:
        ways = [step for (origin, _), step in TRANSITIONS.items() if origin is state]
        assert any(set(step.by) - {Who.TIMER} for step in ways), state


@pytest.mark.parametrize("state", OPEN)
def test_from_every_open_state_there_is_a_way_to_an_end(state: IncidentState) -> None:
    reached = {state}
    while more := {step.to for (origin, _), step in TRANSITIONS.items() if origin in reached} - reached:
        reached |= more
    assert any(each.ended for each in reached)


def test_every_state_that_is_open_is_watched_by_time() -> None:
    """A clock that can be escalated, a review that ends, or a main incident that is followed."""
    by_time = {state for (state, _), step in TRANSITIONS.items() if Who.TIMER in step.by}
    assert by_time - {IncidentState.CLOSED} == set(OPEN)


def test_what_is_not_so_has_a_reason_with_words() -> None:
    assert REFUSED_AS.keys() == set(Given)
    assert set(REFUSED_AS.values()) <= texts.names()


@pytest.mark.parametrize("command", WAYS)
def test_a_command_has_words_and_a_method_that_takes_what_it_needs(command: Command) -> None:
    way = WAYS[command]
    taken_by = set(way.descriptor.input_type.fields_by_name)
    steps = [step for (_, each), step in TRANSITIONS.items() if each is command]
    needs = {need for step in steps for need in (*step.needs, *step.takes)}
    assert needs | set(way.fixed) <= taken_by
    assert {"incident_id", "version"} <= taken_by
    assert {f"DO_{command}", *(f"SAY_{need.upper()}" for need in needs)} <= texts.names()


def test_a_command_without_a_method_is_for_time_or_for_an_inspection() -> None:
    without = set(Command) - WAYS.keys()
    assert without == {Command.INSPECT, Command.FOLLOW, Command.REJOIN, Command.ESCALATE, Command.REMIND, Command.CHASE}


def test_whoever_has_nothing_to_do_with_it_may_do_nothing() -> None:
    for before, _ in TAKEN.values():
        assert actions_of(before, Command, None, samples.REPORTER._replace(id="another"), LIMITS, NOW) == []
