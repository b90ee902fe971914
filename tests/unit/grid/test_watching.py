"""Time passes: whoever has to know is told, and nothing open is ever forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from egov.grid.v1 import events_pb2, incidents_pb2

from services.grid import usecases
from services.grid.domain.calendars import Calendars
from services.grid.domain.deadlines import Level, Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.standing import Which
from services.grid.domain.states import ClosingOutcome, IncidentState
from services.grid.domain.watching import reckoned
from services.grid.usecases import CLOCK, Finding
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from services.kernel.regions import Region
from services.kernel.worktime.calendars import NationalCalendar
from services.kernel.worktime.terms import Limit, Unit
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, GRID, LIMITS, FakeIncidents, FakeReference
from tests.unit.grid.test_clocks import OFFICES, WORKING, at, dispatched

SOON = NOW + timedelta(hours=19.2)


def look(uow: FakeUnitOfWork, incidents: FakeIncidents, incident: Incident, limits: Limits = LIMITS) -> Finding:
    """The moment has come for which it was set last."""
    moment = uow.dues.pop((CLOCK, str(incident.id)))
    uow.at = max(uow.at, moment)
    return usecases.check_clock(uow, incidents, limits, incident.id, moment)


def filed(uow: FakeUnitOfWork, incidents: FakeIncidents) -> Incident:
    return usecases.file_incident(uow, incidents, FakeReference(), samples.report(), Region(GRID), "3711", LIMITS)


def due(uow: FakeUnitOfWork, incident: Incident) -> datetime | None:
    return uow.dues.get((CLOCK, str(incident.id)))


def test_whoever_holds_it_is_warned_and_then_the_next_level_told_up_to_the_top_which_is_reminded() -> None:
    uow, incidents = FakeUnitOfWork(), FakeIncidents()
    incident = filed(uow, incidents)
    assert due(uow, incident) == SOON
    found = [look(uow, incidents, incident) for _ in range(8)]
    assert found == [Finding.SOON] + [Finding.OVERDUE] * 7
    [warning] = [event for event in uow.events if isinstance(event, events_pb2.IncidentDueSoon)]
    assert (warning.department, warning.state) == (CENTRE, incidents_pb2.INCIDENT_STATE_FILED)
    assert warning.due_at.ToDatetime(tzinfo=NOW.tzinfo) == incident.deadline
    escalated = [event for event in uow.events if isinstance(event, events_pb2.IncidentEscalated)]
    assert [event.reminder for event in escalated] == [False] + [True] * 6
    assert [event.version for event in escalated] == list(range(2, 9)), "a warning leaves the version alone"
    assert incidents.rows[incident.id].level is Level.CITY
    assert due(uow, incident) == NOW + 8 * DAY


def test_every_step_sets_the_moment_of_the_next_and_the_close_leaves_none() -> None:
    incidents = FakeIncidents()
    uow = FakeUnitOfWork(caller=caller(subject=WANG, department=DEPARTMENT))
    incident = samples.dispatched()
    incidents.add(incident)
    usecases.accept_incident(uow, incidents, Which(incident.id, "3711", 2), limits=LIMITS)
    assert due(uow, incident) == SOON
    uow.at = NOW + 20 * timedelta(hours=1)
    usecases.report_handled(uow, incidents, FakeReference(), Which(incident.id, "3711", 3), limits=LIMITS)
    assert due(uow, incident) == uow.at + timedelta(hours=19.2)
    uow.caller = caller(subject=WANG, department=CENTRE)
    usecases.verify_incident(uow, incidents, FakeReference(), Which(incident.id, "3711", 4), passed=True, limits=LIMITS)
    outcome = ClosingOutcome.HANDLED
    usecases.close_incident(
        uow, incidents, Which(incident.id, "3711", 5), outcome=outcome, reason="", limits=LIMITS
    )  # fmt: skip
    assert uow.dues == {}


def test_a_look_that_comes_too_early_or_for_what_is_closed_does_nothing() -> None:
    uow, incidents = FakeUnitOfWork(), FakeIncidents()
    open_one, closed = filed(uow, incidents), samples.closed()
    incidents.add(closed)
    told = len(uow.events)
    assert usecases.check_clock(uow, incidents, LIMITS, open_one.id, NOW + DAY / 2) is Finding.NOTHING
    assert due(uow, open_one) == SOON
    assert usecases.check_clock(uow, incidents, LIMITS, closed.id, NOW) is Finding.NOTHING
    # Woken after the warning: it is not given again.
    assert usecases.check_clock(uow, incidents, LIMITS, open_one.id, SOON + DAY / 24) is Finding.NOTHING
    assert due(uow, open_one) == NOW + DAY
    assert len(uow.events) == told
    with pytest.raises(Refusal) as refused:
        usecases.check_clock(uow, incidents, LIMITS, uuid7(), NOW)
    assert refused.value.reason == "INCIDENT_NOT_FOUND"


def test_a_clock_that_is_behind_the_databases_still_finds_what_is_due() -> None:
    uow, incidents = FakeUnitOfWork(), FakeIncidents()
    incident = filed(uow, incidents)
    assert usecases.check_clock(uow, incidents, LIMITS, incident.id, NOW + DAY) is Finding.OVERDUE


def test_a_deadline_that_waits_for_the_calendar_moves_when_it_is_there() -> None:
    uow, incidents = FakeUnitOfWork(at=NOW), FakeIncidents()
    limits = replace(WORKING, accept=Limit(100, Unit.WORKING_DAY))
    incident = dispatched(limits, days=40)
    incidents.add(incident)
    newyear = at("2027-01-01 00:00")
    assert usecases.check_clock(uow, incidents, limits, incident.id, newyear) is Finding.CALENDAR_ENDS
    assert due(uow, incident) == newyear + timedelta(hours=1)
    more = replace(limits, calendar_of=Calendars(NationalCalendar(frozenset({2026, 2027})), OFFICES.shifts).of)
    assert usecases.check_clock(uow, incidents, more, incident.id, newyear) is Finding.MOVED
    [moved], [envelope] = uow.events, uow.envelopes
    assert isinstance(moved, events_pb2.IncidentDeadlineMoved)
    assert envelope.deadline == incidents.rows[incident.id].handle_by == at("2027-01-18 17:30")
    assert not moved.provisional


def test_a_calendar_by_which_nothing_is_late_takes_back_what_was_told() -> None:
    uow, incidents = FakeUnitOfWork(), FakeIncidents()
    incident = dispatched(WORKING, days=2).accept(seen=2, by=DEPARTMENT, limits=WORKING, now=NOW)
    late = incident.escalate(limits=WORKING, now=at("2026-11-25 17:30"))
    assert late.level is Level.COUNTY
    incidents.add(late)
    holidays = frozenset({at("2026-11-25 12:00").date(), at("2026-11-26 12:00").date()})
    corrected = replace(
        WORKING, calendar_of=Calendars(NationalCalendar(frozenset({2026}), holidays), OFFICES.shifts).of
    )  # fmt: skip
    look_at = at("2026-11-26 09:00")
    assert usecases.check_clock(uow, incidents, corrected, late.id, look_at) is Finding.MOVED
    after, [moved] = incidents.rows[late.id], uow.events
    assert (after.level, after.deadline) == (Level.GRID, at("2026-11-27 17:30"))
    assert not after.overdue(look_at)
    assert isinstance(moved, events_pb2.IncidentDeadlineMoved)
    assert (moved.withdrawn, moved.supervisor) == (incidents_pb2.ESCALATION_LEVEL_COUNTY, "371102-ZHZX")
    assert due(uow, after) == at("2026-11-27 14:30"), "whoever holds it is warned anew"


def test_what_is_late_by_a_corrected_calendar_too_leaves_the_level_as_it_was() -> None:
    incident = dispatched(WORKING, days=2).accept(seen=2, by=DEPARTMENT, limits=WORKING, now=NOW)
    late = incident.escalate(limits=WORKING, now=at("2026-11-30 09:00"))
    holiday = NationalCalendar(frozenset({2026}), frozenset({at("2026-11-25 12:00").date()}))
    corrected = replace(WORKING, calendar_of=Calendars(holiday, OFFICES.shifts).of)
    after = reckoned(late, corrected, at("2026-11-30 09:00"))
    assert (after.level, after.deadline) == (late.level, late.deadline)
    assert after.handle_by == at("2026-11-26 17:30")


def test_what_nobody_would_look_at_again_is_found_and_mended() -> None:
    uow = FakeUnitOfWork()
    incidents = FakeIncidents(uow.dues)
    watched, closed = filed(uow, incidents), samples.closed()
    forgotten, orphan = samples.dispatched(), replace(samples.incident(), owner="")
    for incident in (closed, forgotten, orphan):
        incidents.add(incident)
    uow.set_due(CLOCK, str(orphan.id), NOW)
    mended = [usecases.repair_next(uow, incidents, FakeReference(), LIMITS) for _ in range(3)]
    assert mended == [("UNHELD", orphan.case_number), ("UNWATCHED", forgotten.case_number), None]
    assert set(uow.dues) == {(CLOCK, str(each.id)) for each in (watched, forgotten, orphan)}
    assert all(each.holder for each in incidents.rows.values() if each.id != closed.id)
    assert uow.envelopes[-1].holder == f"department/{CENTRE}"


@pytest.mark.parametrize(
    "before",
    [
        replace(steps.ask_hold(samples.accepted()), state=IncidentState.HANDLED),
        replace(steps.ask_hold(samples.accepted()), asked=None),
        replace(steps.supervise(samples.accepted()), state=IncidentState.REPORTED),
        replace(steps.supervise(samples.accepted()), state=IncidentState.VOIDED),
    ],
    ids=["handled", "decided", "ordered and objected to", "ordered and voided"],
)
def test_what_the_release_before_leaves_when_it_moves_one_on_is_not_looked_at(before: Incident) -> None:
    uow, incidents, moment = FakeUnitOfWork(), FakeIncidents(), min(steps.ORDERED, SOON)
    incidents.add(replace(before, step=None))
    for late in (moment, NOW + DAY / 2, SOON):
        uow.at = late
        assert usecases.check_clock(uow, incidents, LIMITS, before.id, late) in (Finding.NOTHING, Finding.SOON)
        assert uow.dues.get((CLOCK, str(before.id)), steps.VERY_LATE) > late


def sweep(incidents: FakeIncidents, reference: FakeReference) -> tuple[FakeUnitOfWork, list[str]]:
    """One round: whom it mended, in order."""
    uow, mended = FakeUnitOfWork(), []
    for incident in incidents.rows.values():
        uow.set_due(CLOCK, str(incident.id), NOW)
    incidents.dues = uow.dues
    while found := usecases.repair_next(uow, incidents, reference, LIMITS):
        mended.append(found[1])
    return uow, mended


def test_whose_centre_has_another_code_now_is_taken_over_by_it() -> None:
    incidents, reference = FakeIncidents(), FakeReference()
    reference.centres = {"371102": "371102-WGZX", "371100": "371100-ZHZX"}
    at_work, elsewhere = samples.dispatched(), samples.incident(region=samples.ELSEWHERE)
    for incident in (at_work, elsewhere):
        incidents.add(incident)
    _, mended = sweep(incidents, reference)
    assert set(mended) == {at_work.case_number, elsewhere.case_number}
    assert (incidents.rows[at_work.id].owner, incidents.rows[at_work.id].holder) == ("371102-WGZX", DEPARTMENT)
    assert incidents.rows[elsewhere.id].holder == "371100-ZHZX", "its county has no centre: the city's has it"


def test_what_a_centre_took_on_itself_goes_to_whoever_takes_over() -> None:
    incidents, reference = FakeIncidents(), FakeReference()
    reference.centres = {"371102": "371102-WGZX"}
    outside = steps.send_outside(samples.incident())
    incidents.add(replace(outside, step=None))
    sweep(incidents, reference)
    after = incidents.rows[outside.id]
    assert (after.owner, after.department, after.holder) == ("371102-WGZX", "371102-WGZX", "371102-WGZX")
    assert steps.answered(after).state is IncidentState.ACCEPTED


def test_what_nobody_could_answer_for_is_counted_and_does_not_block_others() -> None:
    incidents, reference = FakeIncidents(), FakeReference()
    lost, orphan = replace(samples.incident(region=samples.ELSEWHERE), owner=""), replace(samples.incident(), owner="")
    for incident in (lost, orphan):
        incidents.add(incident)
    _, mended = sweep(incidents, reference)
    assert mended == [orphan.case_number]
    assert incidents.rows[orphan.id].department == ""
    assert usecases.left_unheld(incidents, reference) == 1


def test_a_coordinator_that_is_gone_is_replaced() -> None:
    referred = steps.give_back(steps.dispatch(steps.give_back(samples.dispatched())))
    for centres, coordinator in (
        ({"371102": CENTRE, "371100": "371100-ZHZX"}, "371100-ZHZX"),
        ({"371102": CENTRE}, CENTRE),
    ):
        incidents, reference = FakeIncidents(), FakeReference()
        incidents.add(replace(referred, coordinator="371100-DDZX"))
        reference.centres = centres
        sweep(incidents, reference)
        assert incidents.rows[referred.id].holder == coordinator
