"""How long a step may take, and who is told when it takes longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from egov.grid.v1 import clocks_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.grid.domain import holding
from services.grid.domain.deadlines import Level, Told, first_told, lowest_centre
from services.grid.domain.incidents import Incident
from services.grid.domain.states import ReturnReason, Who
from services.grid.wire.events import incident_escalated
from services.kernel.errors import Refusal
from services.kernel.worktime.terms import Limit
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import CENTRE, CENTRES, DAY, DEPARTMENT, GRID, LIMITS, VILLAGE, rule

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
    for _ in range(4):
        incident = overdue(incident)
        told.append((incident.level, incident.supervisor))
    assert told == [
        (Level.COUNTY, "371102-ZHZX"),
        (Level.CITY, "371100-ZHZX"),
        (Level.CITY, "371100-ZHZX"),
        (Level.CITY, "371100-ZHZX"),
    ]
    assert (incident.holder, incident.version) == (DEPARTMENT, 6)
    assert incident.deadline == NOW + DAY + 4 * LIMITS.escalate


@pytest.mark.parametrize(
    ("holder", "level"),
    [
        (CENTRE, Level.CITY),
        ("371100-ZHZX", Level.CITY),
        ("371100-ZJJ", Level.CITY),
        (DEPARTMENT, Level.COUNTY),
        ("371102001-ZFD", Level.TOWNSHIP),
        (f"{VILLAGE}-ZHZX", Level.TOWNSHIP),
        (f"{GRID}-WGY", Level.VILLAGE),
    ],
)
def test_who_is_told_first_is_above_whoever_is_late(holder: str, level: Level) -> None:
    there = CENTRES | {VILLAGE: f"{VILLAGE}-ZHZX"}
    assert first_told(holder, lambda region: there.get(region, "")) is level


TOWNSHIP = "371102001"


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ((VILLAGE, "371102", "371100"), [VILLAGE, "371102", "371100", "371100"]),
        ((TOWNSHIP, "371102", "371100"), [TOWNSHIP, "371102", "371100", "371100"]),
        (("371102", "371100"), ["371102", "371100", "371100", "371100"]),
        (("371100",), ["371100", "371100", "371100", "371100"]),
        ((), ["371102", "371102", "371102", "371102"]),
    ],
)
def test_only_centres_on_record_are_told_and_where_there_are_none_whoever_answers_for_it(
    there: tuple[str, ...], told: list[str]
) -> None:
    limits = replace(LIMITS, centre_of=lambda region: f"{region}-ZHZX" if region in there else "")
    incident, found = samples.dispatched(), []
    incident = replace(incident, department=f"{GRID}-WGY")
    for _ in told:
        assert incident.deadline
        incident = incident.escalate(limits=limits, now=incident.deadline)
        found.append(incident.supervisor)
    assert found == [f"{region}-ZHZX" for region in told]
    assert incident.level is Level.CITY


def test_a_level_without_a_centre_is_passed_by() -> None:
    assert lowest_centre(GRID, Level.GRID, LIMITS.centre_of) == Told(Level.COUNTY, CENTRE)
    assert lowest_centre("371102", Level.VILLAGE, LIMITS.centre_of) == Told(Level.COUNTY, CENTRE)
    assert lowest_centre("370202001001", Level.VILLAGE, LIMITS.centre_of) is None


def test_the_city_is_reminded_every_day_for_a_week_and_then_every_week() -> None:
    incident, moments = samples.incident(), []
    for _ in range(11):
        incident = overdue(incident)
        assert incident.deadline
        moments.append((incident.deadline - NOW) // DAY)
    assert incident.level is Level.CITY
    assert moments == [2, 3, 4, 5, 6, 7, 8, 15, 22, 29, 36]


def told_until(incident: Incident, end: datetime) -> list[tuple[datetime, Incident]]:
    """Everything that is told of an incident that nobody does anything about."""
    told: list[tuple[datetime, Incident]] = []
    while incident.deadline and incident.deadline <= end:
        told.append((incident.deadline, overdue(incident)))
        incident = told[-1][1]
    return told


def test_a_long_limit_is_told_when_it_has_passed_twice_and_three_times_too() -> None:
    at_work = samples.accepted(
        samples.incident().dispatch(seen=1, by=CENTRE, rules=[rule(hours=240)], named="", limits=LIMITS, now=NOW)
    )
    told = [((at - NOW) // HOUR, after.mark and after.mark.times) for at, after in told_until(at_work, NOW + 30 * DAY)]
    daily = [(hours, 1) for hours in range(240, 409, 24)]
    assert told == [*daily, (480, 2), (648, 2), (720, 3)]


@given(accept=st.integers(1, 100), handle=st.integers(1, 400))
def test_each_mark_of_each_clock_is_told_once_at_its_moment(accept: int, handle: int) -> None:
    limits = replace(LIMITS, accept=Limit(accept))
    incident = samples.incident().dispatch(
        seen=1, by=CENTRE, rules=[rule(hours=handle)], named="", limits=limits, now=NOW
    )
    told = dict(told_until(incident, NOW + 1200 * HOUR))
    assert list(told) == sorted(told)
    for mark in limits.marks(incident.clocks):
        passed = told[mark.at].mark
        assert passed and (passed.at, passed.times) >= (mark.at, mark.times)


def test_the_event_says_which_clocks_limit_has_passed_and_how_often() -> None:
    filed = samples.incident()
    before = filed.dispatch(seen=1, by=CENTRE, rules=[rule(hours=2)], named="", limits=LIMITS, now=NOW)
    said = []
    for at, after in told_until(before, NOW + 26 * HOUR):
        event = incident_escalated(before, after, at)
        said.append((clocks_pb2.ClockKind.Name(event.clock).removeprefix("CLOCK_KIND_"), event.limits_passed))
        before = after
    assert said == [("HANDLE", 1), ("HANDLE", 2), ("HANDLE", 3), ("ACCEPT", 1)]
    assert before.accept(seen=before.version, by=DEPARTMENT, limits=LIMITS, now=NOW + 26 * HOUR).mark is None


def test_who_accepts_late_gets_rid_of_nobody() -> None:
    late = overdue(samples.dispatched())
    accepted = late.accept(seen=3, by=DEPARTMENT, limits=LIMITS, now=NOW + 30 * HOUR)
    assert (accepted.level, accepted.deadline) == (Level.COUNTY, late.deadline)
    assert overdue(accepted).level is Level.CITY


def test_a_late_clock_that_is_done_leaves_nobody_told() -> None:
    filed = samples.incident()
    late = overdue(filed.dispatch(seen=1, by=CENTRE, rules=[rule(hours=72)], named="", limits=LIMITS, now=NOW))
    accepted = late.accept(seen=3, by=DEPARTMENT, limits=LIMITS, now=NOW + 30 * HOUR)
    assert (accepted.level, accepted.deadline) == (Level.GRID, NOW + 3 * DAY)
    handled = overdue(accepted).handle(seen=5, by=DEPARTMENT, limits=LIMITS, now=NOW + 80 * HOUR)
    assert (handled.holder, handled.level) == (CENTRE, Level.GRID)


def test_a_hold_of_what_is_late_leaves_the_level_as_it_was() -> None:
    late = overdue(overdue(samples.accepted()))
    asked = holding.ask_hold(
        late, "备件未到", NOW + 5 * DAY, seen=5, by=DEPARTMENT, limits=LIMITS, now=NOW + 2 * DAY
    )  # fmt: skip
    held = holding.grant_time(asked, review_at=None, units=0, seen=6, by=CENTRE, limits=LIMITS, now=NOW + 2 * DAY)
    assert (held.level, held.deadline) == (Level.CITY, NOW + 5 * DAY)
    resumed = holding.resume(held, seen=7, by=Who.TIMER, limits=LIMITS, now=NOW + 5 * DAY)
    assert (resumed.level, resumed.deadline) == (Level.CITY, NOW + 6 * DAY), "the city waits once more"


def test_what_is_not_overdue_is_not_escalated() -> None:
    for incident in (samples.dispatched(), samples.closed()):
        with pytest.raises(Refusal) as refused:
            incident.escalate(limits=LIMITS, now=NOW)
        assert refused.value.reason in ("NOT_OVERDUE", "WRONG_STATE")


@pytest.mark.parametrize("region", [GRID, VILLAGE])
def test_the_city_of_a_county_ends_in_two_zeros(region: str) -> None:
    assert lowest_centre(region, Level.CITY, LIMITS.centre_of) == Told(Level.CITY, "371100-ZHZX")
