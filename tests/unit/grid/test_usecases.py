from __future__ import annotations

import pytest
from egov.grid.v1 import events_pb2, incidents_pb2

from services.grid import usecases
from services.grid.domain.incidents import Incident
from services.grid.domain.inspections import ClosedInspection, OpenedInspection
from services.grid.domain.standing import Which
from services.grid.domain.states import ClosingOutcome, HandlingOutcome, IncidentState, ReturnReason
from services.kernel import casenumber
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples
from tests.unit.grid.acting import OFFICER, SEAT, dispatch, file, keep
from tests.unit.grid.samples import (
    CENTRE,
    DAY,
    DEPARTMENT,
    GRID,
    LIMITS,
    FakeIncidents,
    FakeReference,
)


def test_filing_opens_a_case_and_says_so() -> None:
    uow, incidents = FakeUnitOfWork(caller=caller(subject=WANG)), FakeIncidents()
    incident = file(uow, incidents, FakeReference())
    assert incidents.rows[incident.id] == incident
    assert casenumber.parse(incident.case_number).county == "371102"
    assert incident.reporter == Party("person", WANG)
    [event] = uow.events
    assert isinstance(event, events_pb2.IncidentFiled)
    assert event.reference == "SSP-1"
    [envelope] = uow.envelopes
    assert (envelope.case_phase, envelope.holder) == ("opens", f"department/{CENTRE}")
    assert (envelope.key, envelope.version, envelope.case_number) == (str(incident.id), 1, incident.case_number)
    assert (envelope.region, envelope.deadline) == (GRID, NOW + DAY)


def test_a_system_reports_for_itself_when_nobody_is_signed_in() -> None:
    incident = file(FakeUnitOfWork(), FakeIncidents(), FakeReference())
    assert incident.reporter == Party("client", "rizhao-ssp")


def test_a_refused_report_takes_no_case_number_and_leaves_nothing() -> None:
    uow, incidents, reference = FakeUnitOfWork(), FakeIncidents(), FakeReference()
    reference.centres = {}
    with pytest.raises(Refusal):
        file(uow, incidents, reference)
    assert (uow.case_number, uow.events, incidents.rows) == (None, [], {})


def test_dispatching_says_who_holds_it_until_when() -> None:
    uow, incidents = FakeUnitOfWork(caller=SEAT), FakeIncidents()
    incident = dispatch(uow, incidents, file(uow, incidents, FakeReference()))
    assert incidents.rows[incident.id].state is IncidentState.DISPATCHED
    event, envelope = uow.events[-1], uow.envelopes[-1]
    assert isinstance(event, events_pb2.IncidentDispatched)
    assert (envelope.holder, envelope.deadline) == ("department/371102-CGJ", incident.handle_by)
    assert (envelope.case_phase, envelope.version) == (None, 2)
    assert event.enterprise_code == "91350100M000100Y43"
    assert event.accept_by.ToDatetime(tzinfo=NOW.tzinfo) == incident.deadline


def test_the_whole_circle_is_told_step_by_step() -> None:
    incidents = FakeIncidents()
    incident = keep(incidents, samples.dispatched())
    officer, seat = FakeUnitOfWork(caller=OFFICER), FakeUnitOfWork(caller=SEAT)
    handled, reference = ClosingOutcome.HANDLED, FakeReference()
    usecases.accept_incident(officer, incidents, Which(incident.id, "3711", 2), limits=LIMITS)
    usecases.report_handled(officer, incidents, reference, Which(incident.id, "3711", 3), limits=LIMITS)
    usecases.verify_incident(seat, incidents, reference, Which(incident.id, "3711", 4), passed=False, limits=LIMITS)
    usecases.report_handled(officer, incidents, reference, Which(incident.id, "3711", 5), limits=LIMITS)
    usecases.verify_incident(seat, incidents, reference, Which(incident.id, "3711", 6), passed=True, limits=LIMITS)
    usecases.close_incident(seat, incidents, Which(incident.id, "3711", 7), outcome=handled, reason="", limits=LIMITS)
    citizen = FakeUnitOfWork(caller=caller())
    reopened = usecases.reopen_incident(citizen, incidents, Which(incident.id, "3711", 8), limits=LIMITS)
    told = sorted(
        zip(
            [envelope.version for uow in (officer, seat, citizen) for envelope in uow.envelopes],
            [envelope.type.rpartition(".")[2] for uow in (officer, seat, citizen) for envelope in uow.envelopes],
            [envelope.holder for uow in (officer, seat, citizen) for envelope in uow.envelopes],
            [envelope.case_phase for uow in (officer, seat, citizen) for envelope in uow.envelopes],
            strict=True,
        )
    )
    centre, department = f"department/{CENTRE}", f"department/{DEPARTMENT}"
    assert told == [
        (3, "IncidentAccepted", department, None),
        (4, "IncidentHandled", centre, None),
        (5, "IncidentReworkOrdered", department, None),
        (6, "IncidentHandled", centre, None),
        (7, "IncidentVerified", centre, None),
        (8, "IncidentClosed", None, "closes"),
        (9, "IncidentReopened", centre, "opens"),
    ]
    open_steps = [envelope for uow in (officer, seat, citizen) for envelope in uow.envelopes if envelope.holder]
    assert all(envelope.deadline for envelope in open_steps)
    assert reopened.state is IncidentState.FILED


def test_a_return_says_who_gave_it_back_and_why() -> None:
    incidents = FakeIncidents()
    incident = keep(incidents, samples.dispatched())
    uow = FakeUnitOfWork(caller=OFFICER)
    usecases.return_incident(
        uow, incidents, Which(incident.id, "3711", 2), reason=ReturnReason.ELSEWHERE, limits=LIMITS
    )
    [event] = uow.events
    assert isinstance(event, events_pb2.IncidentReturned)
    assert (event.department, event.centre) == (DEPARTMENT, CENTRE)
    assert event.reason == incidents_pb2.RETURN_REASON_ELSEWHERE
    assert uow.envelopes[0].holder == f"department/{CENTRE}"


def test_closing_ends_the_case() -> None:
    uow, incidents = FakeUnitOfWork(caller=SEAT), FakeIncidents()
    before = keep(incidents, samples.verified())
    usecases.close_incident(
        uow, incidents, Which(before.id, "3711", 5), outcome=ClosingOutcome.HANDLED, reason="", limits=LIMITS
    )
    [event], [envelope] = uow.events, uow.envelopes
    assert isinstance(event, events_pb2.IncidentClosed)
    assert event.outcome == incidents_pb2.CLOSING_OUTCOME_HANDLED
    assert event.department == "371102-CGJ"
    assert (envelope.case_phase, envelope.holder, envelope.deadline) == ("closes", None, None)


def test_what_was_never_dispatched_may_be_closed_for_a_reason() -> None:
    uow, incidents = FakeUnitOfWork(caller=SEAT), FakeIncidents()
    before = keep(incidents, samples.incident())
    duplicate, which = ClosingOutcome.DUPLICATE, Which(before.id, "3711", 1)
    with pytest.raises(Refusal) as refused:
        usecases.close_incident(uow, incidents, which, outcome=duplicate, reason="", limits=LIMITS)
    assert [violation.rule for violation in refused.value.violations] == ["REASON_NEEDED"]
    usecases.close_incident(uow, incidents, which, outcome=duplicate, reason="见 371102-…", limits=LIMITS)
    [event] = uow.events
    assert isinstance(event, events_pb2.IncidentClosed)
    assert event.department == ""


def test_a_client_without_person_holds_nothing() -> None:
    uow, incidents = FakeUnitOfWork(), FakeIncidents()
    filed = file(uow, incidents, FakeReference())
    with pytest.raises(Refusal) as refused:
        dispatch(uow, incidents, filed)
    assert refused.value.reason == "NOT_THE_HOLDER"
    assert len(uow.events) == 1


def test_an_incident_of_a_foreign_region_does_not_exist() -> None:
    uow, incidents = FakeUnitOfWork(caller=SEAT), FakeIncidents()
    filed = file(uow, incidents, FakeReference())
    for unknown, bound in ((filed, "371121"), (samples.incident(), "3711")):
        with pytest.raises(Refusal) as refused:
            dispatch(uow, incidents, unknown, bound=bound)
        assert refused.value.reason == "INCIDENT_NOT_FOUND"
    with pytest.raises(Refusal):
        usecases.accept_incident(uow, incidents, Which(uuid7(), "3711", 1), limits=LIMITS)


def test_an_inspection_accepts_the_incident_and_its_end_handles_it() -> None:
    uow, incidents, inspection = FakeUnitOfWork(), FakeIncidents(), uuid7()
    incident = keep(incidents, samples.dispatched())
    usecases.begin_inspection(uow, incidents, OpenedInspection(inspection, incident.id, DEPARTMENT), LIMITS)
    assert incidents.rows[incident.id].state is IncidentState.ACCEPTED
    ended = ClosedInspection(inspection, incident.id, DEPARTMENT, HandlingOutcome.RECTIFIED)
    usecases.end_inspection(uow, incidents, ended, LIMITS)
    assert incidents.rows[incident.id].state is IncidentState.HANDLED
    first, last = uow.events
    assert isinstance(first, events_pb2.IncidentAccepted)
    assert isinstance(last, events_pb2.IncidentHandled)
    assert first.inspection_id == last.inspection_id == str(inspection)
    assert last.outcome == incidents_pb2.HANDLING_OUTCOME_RECTIFIED
    assert uow.envelopes[1].links == (("concerns", str(inspection)),)


def test_an_inspection_that_no_incident_caused_changes_nothing() -> None:
    uow = FakeUnitOfWork()
    usecases.begin_inspection(uow, FakeIncidents(), None, LIMITS)
    usecases.end_inspection(uow, FakeIncidents(), None, LIMITS)
    assert uow.events == []


@pytest.mark.parametrize(
    ("incident", "department", "reason"),
    [
        (samples.closed(), DEPARTMENT, "WRONG_STATE"),
        (samples.incident(), DEPARTMENT, "WRONG_STATE"),
        (samples.dispatched(), "371102-SCJG", "NOT_THE_HOLDER"),
        (samples.accepted(), DEPARTMENT, "ANOTHER_INSPECTION"),
    ],
)
def test_an_end_that_does_not_fit_is_refused(incident: Incident, department: str, reason: str) -> None:
    incidents = FakeIncidents()
    keep(incidents, incident)
    with pytest.raises(Refusal) as refused:
        if reason == "ANOTHER_INSPECTION":
            end = ClosedInspection(uuid7(), incident.id, department, HandlingOutcome.IN_ORDER)
            usecases.end_inspection(FakeUnitOfWork(), incidents, end, LIMITS)
        else:
            opened = OpenedInspection(uuid7(), incident.id, department)
            usecases.begin_inspection(FakeUnitOfWork(), incidents, opened, LIMITS)
    assert refused.value.reason == reason
