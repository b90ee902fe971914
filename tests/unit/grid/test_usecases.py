from __future__ import annotations

import pytest
from egov.grid.v1 import events_pb2, incidents_pb2

from services.grid import usecases
from services.grid.domain.incidents import ClosingOutcome, Incident, IncidentState, Region
from services.kernel import casenumber
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from tests.unit.fakes import WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples
from tests.unit.grid.samples import CENTRE, GRID, FakeIncidents, FakeReference, report


def file(uow: FakeUnitOfWork, incidents: FakeIncidents, reference: FakeReference) -> Incident:
    return usecases.file_incident(uow, incidents, reference, report(reference="SSP-1"), Region(GRID), "3711")


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
    assert envelope.region == GRID


def test_a_system_reports_for_itself_when_nobody_is_signed_in() -> None:
    incident = file(FakeUnitOfWork(), FakeIncidents(), FakeReference())
    assert incident.reporter == Party("client", "rizhao-ssp")


def test_a_refused_report_takes_no_case_number_and_leaves_nothing() -> None:
    uow, incidents, reference = FakeUnitOfWork(), FakeIncidents(), FakeReference()
    reference.centres = {}
    with pytest.raises(Refusal):
        file(uow, incidents, reference)
    assert (uow.case_number, uow.events, incidents.rows) == (None, [], {})


def dispatch(uow: FakeUnitOfWork, incidents: FakeIncidents, filed: Incident, *, bound: str = "3711") -> Incident:
    return usecases.dispatch_incident(
        uow, incidents, FakeReference(), filed.id, bound, seen=filed.version, named="", default_hours=72
    )


def test_dispatching_says_who_holds_it_until_when() -> None:
    uow, incidents = FakeUnitOfWork(), FakeIncidents()
    incident = dispatch(uow, incidents, file(uow, incidents, FakeReference()))
    assert incidents.rows[incident.id].state is IncidentState.DISPATCHED
    event, envelope = uow.events[-1], uow.envelopes[-1]
    assert isinstance(event, events_pb2.IncidentDispatched)
    assert (envelope.holder, envelope.deadline) == ("department/371102-CGJ", incident.handle_by)
    assert (envelope.case_phase, envelope.version) == (None, 2)


def test_closing_ends_the_case() -> None:
    uow, incidents = FakeUnitOfWork(caller=caller(subject=WANG, department="371102-CGJ")), FakeIncidents()
    before = dispatch(uow, incidents, file(uow, incidents, FakeReference()))
    usecases.close_incident(uow, incidents, before.id, "3711", seen=2, outcome=ClosingOutcome.HANDLED)
    event, envelope = uow.events[-1], uow.envelopes[-1]
    assert isinstance(event, events_pb2.IncidentClosed)
    assert event.outcome == incidents_pb2.CLOSING_OUTCOME_HANDLED
    assert event.department == "371102-CGJ"
    assert (envelope.case_phase, envelope.holder, envelope.version) == ("closes", None, 3)


def test_a_client_without_person_holds_nothing() -> None:
    uow, incidents = FakeUnitOfWork(), FakeIncidents()
    before = dispatch(uow, incidents, file(uow, incidents, FakeReference()))
    with pytest.raises(Refusal) as refused:
        usecases.close_incident(uow, incidents, before.id, "3711", seen=2, outcome=ClosingOutcome.HANDLED)
    assert refused.value.reason == "NOT_THE_HOLDER"
    assert len(uow.events) == 2


def test_an_incident_of_a_foreign_region_does_not_exist() -> None:
    uow, incidents = FakeUnitOfWork(), FakeIncidents()
    filed = file(uow, incidents, FakeReference())
    for unknown, bound in ((filed, "371121"), (samples.incident(), "3711")):
        with pytest.raises(Refusal) as refused:
            dispatch(uow, incidents, unknown, bound=bound)
        assert refused.value.reason == "INCIDENT_NOT_FOUND"
    with pytest.raises(Refusal):
        usecases.close_incident(uow, incidents, uuid7(), "3711", seen=1, outcome=ClosingOutcome.HANDLED)
