"""Returns do not go on for ever: the second one is decided, and the decision binds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.grid.domain import merging
from services.grid.domain.deadlines import coordinator_of
from services.grid.domain.incidents import Incident
from services.grid.domain.states import Command, IncidentState, ReturnReason
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, CENTRES, DEPARTMENT, GRID, LIMITS, rule

TWICE = steps.give_back(steps.dispatch(steps.give_back(samples.dispatched())))
BOUND = steps.dispatch(TWICE)
CITY = "371100-ZHZX"


def test_the_second_return_goes_to_a_coordinator() -> None:
    assert (TWICE.state, TWICE.returns, TWICE.coordinator, TWICE.holder) == (IncidentState.REFERRED, 2, CENTRE, CENTRE)
    assert TWICE.deadline and TWICE.clock


@pytest.mark.parametrize(
    ("departments", "coordinator"),
    [
        (("371102-CGJ", "371102-HBJ"), "371102-ZHZX"),
        (("371102-CGJ", "371100-ZJJ"), "371100-ZHZX"),
        (("371102001-CGJ", "371102-HBJ"), "371102-ZHZX"),
        (("371102001-CGJ", "371102001001-ZZ"), "371102-ZHZX"),
        (("371102001-CGJ", "371100-HBJ"), "371100-ZHZX"),
    ],
)
def test_it_is_the_centre_of_the_lowest_level_above_both_that_has_one(
    departments: tuple[str, str], coordinator: str
) -> None:
    assert coordinator_of(GRID, departments, LIMITS.centre_of) == coordinator


def test_two_of_a_township_are_coordinated_by_its_centre_if_it_has_one() -> None:
    there = CENTRES | {"371102001": "371102001-ZHZX"}
    departments = ("371102001-CGJ", "371102001001-ZZ")
    assert coordinator_of(GRID, departments, lambda region: there.get(region, "")) == "371102001-ZHZX"


def test_without_a_centre_above_whoever_answers_for_it_coordinates() -> None:
    nobody = replace(LIMITS, centre_of=lambda region: "")
    again = steps.dispatch(steps.give_back(samples.dispatched()))
    referred = again.give_back(
        ReturnReason.NOT_OUR_DUTY, seen=again.version, by=DEPARTMENT, limits=nobody, now=NOW
    )  # fmt: skip
    assert (referred.state, referred.holder) == (IncidentState.REFERRED, CENTRE)


def dispatch(incident: Incident, by: str, named: str) -> Incident:
    return incident.dispatch(seen=incident.version, by=by, rules=[rule()], named=named, limits=LIMITS, now=NOW)


def test_only_the_coordinator_dispatches_it_and_says_to_whom() -> None:
    of_city = steps.give_back(dispatch(steps.give_back(samples.dispatched()), CENTRE, "371100-ZJJ"))
    assert of_city.holder == CITY
    with pytest.raises(Refusal) as refused:
        dispatch(of_city, CENTRE, DEPARTMENT)
    assert refused.value.reason == "NOT_THE_HOLDER"
    with pytest.raises(Refusal) as refused:
        dispatch(of_city, CITY, "")
    assert [(each.field, each.rule) for each in refused.value.violations] == [("department", "required")]
    assert dispatch(of_city, CITY, DEPARTMENT).holder == DEPARTMENT


def test_what_it_decides_binds_the_department_and_the_centre() -> None:
    assert (BOUND.bound, BOUND.department, BOUND.coordinator) == (True, DEPARTMENT, CENTRE)
    of_city = steps.give_back(dispatch(steps.give_back(samples.dispatched()), CENTRE, "371100-ZJJ"))
    bound = dispatch(of_city, CITY, DEPARTMENT)
    for again in (
        steps.give_back,
        lambda it: steps.give_back(steps.accept(it)),
        lambda it: dispatch(it, CENTRE, "371102-HBJ"),
        lambda it: dispatch(steps.accept(it), CENTRE, "371102-HBJ"),
    ):
        with pytest.raises(Refusal) as refused:
            again(bound)
        assert refused.value.reason == "DISPATCH_BINDS"


def test_the_centre_gets_rid_of_no_binding_dispatch_by_merging_what_is_bound_and_splitting_it_off() -> None:
    of_city = steps.give_back(dispatch(steps.give_back(samples.dispatched()), CENTRE, "371100-ZJJ"))
    bound = dispatch(of_city, CITY, DEPARTMENT)
    at_work = steps.accept(bound)
    for before in (bound, at_work, steps.grant(steps.ask_hold(at_work)), steps.send_outside(at_work)):
        with pytest.raises(Refusal) as refused:
            merging.merge(before, steps.MAIN, seen=before.version, by=CENTRE, limits=LIMITS, now=NOW)
        assert refused.value.reason == "DISPATCH_BINDS"
        merged = merging.merge(before, steps.MAIN, seen=before.version, by=CITY, limits=LIMITS, now=NOW)
        assert merged.state is IncidentState.MERGED


def test_only_the_coordinator_takes_what_it_bound_from_a_department_and_it_stays_bound() -> None:
    for before in (BOUND, steps.accept(BOUND)):
        moved = dispatch(before, CENTRE, "371102-HBJ")
        assert (moved.department, moved.bound, moved.holder) == ("371102-HBJ", True, "371102-HBJ")


def test_a_reopened_incident_is_bound_no_longer_but_its_returns_count() -> None:
    reopened = steps.DO[Command.REOPEN](steps.close(steps.verify(steps.DO[Command.HANDLE](steps.accept(BOUND)))))
    assert (reopened.bound, reopened.coordinator, reopened.returns) == (False, "", 2)
    assert steps.give_back(steps.dispatch(reopened)).state is IncidentState.REFERRED


def test_whoever_was_too_late_is_told_what_it_is_now() -> None:
    with pytest.raises(Refusal) as refused:
        BOUND.accept(seen=2, by=DEPARTMENT, limits=LIMITS, now=NOW)
    assert refused.value.reason == "STALE_VERSION"
    assert refused.value.params == {
        "version": BOUND.version, "state": "DISPATCHED", "holder": DEPARTMENT, "command": "DISPATCH",
        "at": NOW.isoformat(),
    }  # fmt: skip


@pytest.mark.parametrize("command", [Command.ASK_HOLD, Command.ASK_EXTENSION, Command.PROGRESS, Command.SUPERVISE])
def test_what_was_done_is_said_also_where_state_and_holder_stayed(command: Command) -> None:
    before = steps.accept(steps.dispatch(samples.incident()))
    after = steps.DO[command](before)
    assert (after.state, after.holder) == (before.state, before.holder)
    with pytest.raises(Refusal) as refused:
        after.handle(seen=before.version, by=after.department, limits=LIMITS, now=NOW)
    assert refused.value.params["command"] == command


def test_all_that_returned_it_are_remembered() -> None:
    of_city = steps.give_back(dispatch(steps.give_back(samples.dispatched()), CENTRE, "371100-ZJJ"))
    assert of_city.returners == {DEPARTMENT, "371100-ZJJ"}
    reopened = steps.DO[Command.REOPEN](steps.close(steps.verify(steps.DO[Command.HANDLE](steps.accept(BOUND)))))
    assert reopened.returners == {DEPARTMENT}
    assert samples.closed().returners == frozenset()


@pytest.mark.parametrize(
    "beside", [lambda it: steps.refuse(steps.ask_hold(it)), lambda it: steps.answered(steps.send_outside(it))]
)
def test_what_others_had_time_for_meanwhile_hides_no_return(beside: Callable[[Incident], Incident]) -> None:
    returned = steps.give_back(beside(samples.accepted()))
    assert replace(returned, returned_by="").returners == {DEPARTMENT}
