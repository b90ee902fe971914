"""How long a step may take, and who is told when it takes longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.grid.domain.deadlines import Level, supervisor_of
from services.grid.domain.incidents import Incident
from services.grid.domain.states import ReturnReason
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, GRID, LIMITS, VILLAGE, rule

HOUR = timedelta(hours=1)


def test_every_step_has_a_deadline_of_its_own() -> None:
    filed = samples.incident()
    assert filed.deadline == NOW + DAY
    dispatched = samples.dispatched(filed)
    assert dispatched.deadline == NOW + DAY
    accepted = dispatched.accept(seen=2, by=DEPARTMENT, limits=LIMITS, now=NOW + HOUR)
    assert accepted.deadline == accepted.handle_by == NOW + timedelta(hours=24)
    handled = accepted.handle(seen=3, by=DEPARTMENT, limits=LIMITS, now=NOW + 2 * HOUR)
    assert handled.deadline == NOW + 2 * HOUR + DAY
    verified = handled.verify(passed=True, seen=4, by=CENTRE, limits=LIMITS, now=NOW + 3 * HOUR)
    assert verified.deadline == NOW + 3 * HOUR + DAY
    assert samples.closed(verified).deadline is None


def test_accepting_may_take_no_longer_than_handling() -> None:
    filed = samples.incident()
    urgent = filed.dispatch(seen=1, by=CENTRE, rules=[rule(hours=2)], named="", limits=LIMITS, now=NOW)
    assert urgent.deadline == urgent.handle_by == NOW + 2 * HOUR


def test_a_rework_order_starts_the_rules_clock_anew() -> None:
    handled = samples.handled()
    again = handled.verify(passed=False, seen=4, by=CENTRE, limits=LIMITS, now=NOW + 50 * HOUR)
    assert (again.holder, again.deadline) == (DEPARTMENT, NOW + 74 * HOUR)
    unknown = replace(handled, handle_within=None)
    later = unknown.verify(passed=False, seen=4, by=CENTRE, limits=LIMITS, now=NOW)
    assert later.deadline == NOW + 3 * DAY


def test_what_is_returned_waits_for_the_centre_anew() -> None:
    returned = samples.accepted().give_back(
        ReturnReason.NOT_OUR_DUTY, seen=3, by=DEPARTMENT, limits=LIMITS, now=NOW + HOUR
    )
    assert (returned.holder, returned.deadline) == (CENTRE, NOW + HOUR + DAY)
    insisted = returned.dispatch(seen=4, by=CENTRE, rules=[rule()], named="", limits=LIMITS, now=NOW + 2 * HOUR)
    assert insisted.department == DEPARTMENT


def overdue(incident: Incident) -> Incident:
    assert incident.deadline is not None
    return incident.escalate(limits=LIMITS, now=incident.deadline)


def test_what_is_overdue_goes_up_level_by_level_and_the_top_is_reminded() -> None:
    told, incident = [], samples.dispatched()
    for _ in range(6):
        incident = overdue(incident)
        told.append((incident.level, incident.supervisor))
    assert told == [
        (Level.VILLAGE, "371102001001-ZHZX"),
        (Level.TOWNSHIP, "371102001-ZHZX"),
        (Level.COUNTY, "371102-ZHZX"),
        (Level.CITY, "371100-ZHZX"),
        (Level.CITY, "371100-ZHZX"),
        (Level.CITY, "371100-ZHZX"),
    ]
    assert (incident.holder, incident.version) == (DEPARTMENT, 8)
    assert incident.deadline == NOW + DAY + 6 * LIMITS.escalate


def test_a_new_step_begins_below_again() -> None:
    late = overdue(overdue(samples.dispatched()))
    accepted = late.accept(seen=4, by=DEPARTMENT, limits=LIMITS, now=NOW + 200 * HOUR)
    assert accepted.level is Level.GRID
    # The department lost its own time: this step is overdue at once.
    assert overdue(accepted).level is Level.VILLAGE


def test_what_is_not_overdue_is_not_escalated() -> None:
    for incident in (samples.dispatched(), samples.closed()):
        with pytest.raises(Refusal) as refused:
            incident.escalate(limits=LIMITS, now=NOW)
        assert refused.value.reason in ("NOT_OVERDUE", "WRONG_STATE")


@pytest.mark.parametrize("region", [GRID, VILLAGE])
def test_the_city_of_a_county_ends_in_two_zeros(region: str) -> None:
    assert supervisor_of(CENTRE, region, Level.CITY) == "371100-ZHZX"
    assert supervisor_of(CENTRE, VILLAGE, Level.GRID) == f"{VILLAGE}-ZHZX"
