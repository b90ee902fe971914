"""Between the contract and the domain: messages to nouns and back, and one constructor per published event."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from egov.common.v1 import paging_pb2, parties_pb2
from egov.grid.v1 import events_pb2, grid_service_pb2, incidents_pb2
from egov.identity.v1 import regions_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.grid.domain.incidents import ClosingOutcome, Incident, IncidentState, Region, Report
from services.grid.domain.reference import IncidentKind, IncidentType, TypeKey
from services.kernel.paging import Page, PageRequest, instant, page_request, plain
from services.kernel.parties import Party

KINDS = {
    incidents_pb2.INCIDENT_KIND_COMPONENT: IncidentKind.COMPONENT,
    incidents_pb2.INCIDENT_KIND_EVENT: IncidentKind.EVENT,
}
STATES = {
    incidents_pb2.INCIDENT_STATE_FILED: IncidentState.FILED,
    incidents_pb2.INCIDENT_STATE_DISPATCHED: IncidentState.DISPATCHED,
    incidents_pb2.INCIDENT_STATE_CLOSED: IncidentState.CLOSED,
}
OUTCOMES = {
    incidents_pb2.CLOSING_OUTCOME_HANDLED: ClosingOutcome.HANDLED,
    incidents_pb2.CLOSING_OUTCOME_NOT_FOUND_ON_SITE: ClosingOutcome.NOT_FOUND_ON_SITE,
    incidents_pb2.CLOSING_OUTCOME_DUPLICATE: ClosingOutcome.DUPLICATE,
}
PARTY_KINDS = {
    "person": parties_pb2.PARTY_KIND_PERSON,
    "department": parties_pb2.PARTY_KIND_DEPARTMENT,
    "client": parties_pb2.PARTY_KIND_CLIENT,
}
_KINDS_OUT = {kind: number for number, kind in KINDS.items()}
_STATES_OUT = {state: number for number, state in STATES.items()}
_OUTCOMES_OUT: dict[ClosingOutcome | None, incidents_pb2.ClosingOutcome.ValueType] = {
    None: incidents_pb2.CLOSING_OUTCOME_UNSPECIFIED,
    **{outcome: number for number, outcome in OUTCOMES.items()},
}


def report(message: incidents_pb2.Report) -> Report:
    """A report, from a request."""
    return Report(
        type=TypeKey(message.type.standard, KINDS[message.type.kind], message.type.code),
        region=message.region,
        description=message.description,
        seen_at=_moment(message.seen_at) if message.HasField("seen_at") else None,
        address=message.address,
        reporter_citizen_number=message.reporter_citizen_number,
        enterprise_code=message.enterprise_code,
        reference=message.reference,
    )


def region(message: regions_pb2.Region) -> Region:
    """A region, as identity answers."""
    return Region(
        message.code,
        valid_from=_moment(message.valid_from) if message.HasField("valid_from") else None,
        valid_until=_moment(message.valid_until) if message.HasField("valid_until") else None,
    )


def incident_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of incidents; sorted by (filed_at, id)."""
    return page_request(message.page_size, message.page_token, instant, UUID)


def type_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of incident types; sorted by (standard, kind, code)."""
    return page_request(message.page_size, message.page_token, plain, IncidentKind, plain)


def incident_message(incident: Incident, department: str | None) -> incidents_pb2.Incident:
    """An incident, for an answer to someone of this department."""
    incident = incident.shown_to(department)
    return incidents_pb2.Incident(
        incident_id=str(incident.id),
        case_number=incident.case_number,
        version=incident.version,
        state=_STATES_OUT[incident.state],
        report=_report_message(incident.report),
        enterprise_code_doubtful=incident.enterprise_code_doubtful,
        reporter=_party(incident.reporter),
        holder_department=incident.holder,
        filed_at=_stamp(incident.filed_at),
        dispatched_at=_stamp(incident.dispatched_at),
        handle_by=_stamp(incident.handle_by),
        closed_at=_stamp(incident.closed_at),
        closing_outcome=_OUTCOMES_OUT[incident.closing_outcome],
        dispatch_reason=incident.dispatch_reason,
    )


def incidents_message(page: Page[Incident], department: str | None) -> grid_service_pb2.ListIncidentsResponse:
    """A page of incidents, for an answer to someone of this department."""
    return grid_service_pb2.ListIncidentsResponse(
        incidents=[incident_message(incident, department) for incident in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def types_message(page: Page[IncidentType]) -> grid_service_pb2.ListIncidentTypesResponse:
    """A page of incident types."""
    return grid_service_pb2.ListIncidentTypesResponse(
        types=[
            incidents_pb2.IncidentType(
                key=_type_key(each.key), category=each.category, name=each.name, name_en=each.name_en, local=each.local
            )
            for each in page.rows
        ],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def incident_filed(incident: Incident) -> events_pb2.IncidentFiled:
    """The fact that an incident was filed; its case opens."""
    return events_pb2.IncidentFiled(
        incident_id=str(incident.id),
        version=incident.version,
        case_number=incident.case_number,
        region=incident.report.region,
        holder=f"department/{incident.holder}",
        type=_type_key(incident.report.type),
        reporter=_party(incident.reporter),
        reference=incident.report.reference,
        filed_at=_stamp(incident.filed_at),
    )


def incident_dispatched(incident: Incident) -> events_pb2.IncidentDispatched:
    """The fact that an incident was dispatched, also to another department than before."""
    return events_pb2.IncidentDispatched(
        incident_id=str(incident.id),
        version=incident.version,
        case_number=incident.case_number,
        region=incident.report.region,
        holder=f"department/{incident.holder}",
        handle_by=_stamp(incident.handle_by),
        type=_type_key(incident.report.type),
        reporter=_party(incident.reporter),
        reference=incident.report.reference,
        department=incident.department,
        dispatched_at=_stamp(incident.dispatched_at),
    )


def incident_closed(incident: Incident) -> events_pb2.IncidentClosed:
    """The fact that an incident was closed; its case ends."""
    return events_pb2.IncidentClosed(
        incident_id=str(incident.id),
        version=incident.version,
        case_number=incident.case_number,
        region=incident.report.region,
        type=_type_key(incident.report.type),
        reporter=_party(incident.reporter),
        reference=incident.report.reference,
        department=incident.department,
        outcome=_OUTCOMES_OUT[incident.closing_outcome],
        closed_at=_stamp(incident.closed_at),
    )


def _report_message(report: Report) -> incidents_pb2.Report:
    return incidents_pb2.Report(
        type=_type_key(report.type),
        region=report.region,
        description=report.description,
        address=report.address,
        seen_at=_stamp(report.seen_at),
        reporter_citizen_number=report.reporter_citizen_number,
        enterprise_code=report.enterprise_code,
        reference=report.reference,
    )


def _type_key(key: TypeKey) -> incidents_pb2.IncidentTypeKey:
    return incidents_pb2.IncidentTypeKey(standard=key.standard, kind=_KINDS_OUT[key.kind], code=key.code)


def _party(party: Party) -> parties_pb2.Party:
    return parties_pb2.Party(kind=PARTY_KINDS[party.kind], id=party.id)


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def _stamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
