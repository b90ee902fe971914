"""Between events and the domain: what other services say, and one constructor per published event."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from egov.chassis.v1 import events_pb2 as chassis_events
from egov.grid.v1 import events_pb2 as grid_events
from egov.grid.v1 import incidents_pb2
from egov.inspection.v1 import events_pb2

from services.chassis.moments import stamp
from services.chassis.parties import party
from services.inspection.domain.inspections import Inspection, RefusedEffect
from services.inspection.domain.opening import DispatchedIncident
from services.inspection.domain.reference import IncidentType
from services.inspection.domain.transitions import InspectionState
from services.inspection.wire.inspections import GRAVITIES_OUT, OUTCOMES, text_of

INCIDENT_KINDS = {incidents_pb2.INCIDENT_KIND_COMPONENT: "component", incidents_pb2.INCIDENT_KIND_EVENT: "event"}
_OWN_EVENTS = f"{events_pb2.DESCRIPTOR.package}."


class _Facts(TypedDict):
    """What every event of an inspection says."""

    inspection_id: str
    version: int
    case_number: str
    region: str
    department: str


def dispatched_incident(event: grid_events.IncidentDispatched) -> DispatchedIncident:
    """An incident that a department got, from grid's event."""
    return DispatchedIncident(
        id=UUID(event.incident_id),
        case_number=event.case_number,
        region=event.region,
        department=event.department,
        type=IncidentType(event.type.standard, INCIDENT_KINDS[event.type.kind], event.type.code),
        reporter=party(event.reporter),
        enterprise_code=event.enterprise_code,
    )


def refused_effect(event: chassis_events.EventRefused, service: str) -> RefusedEffect | None:
    """What `service` refused, from the chassis's event; None when the fact it refused is not inspection's."""
    if not event.event_type.startswith(_OWN_EVENTS):
        return None
    return RefusedEffect(service, UUID(event.event_id), event.reason)


def inspection_opened(inspection: Inspection) -> events_pb2.InspectionOpened:
    """The fact that an inspection was opened."""
    return events_pb2.InspectionOpened(
        holder=f"department/{inspection.department}",
        incident_id=text_of(inspection.incident_id),
        enterprise_code=inspection.enterprise_code,
        opened_at=stamp(inspection.opened_at),
        **_facts(inspection),
    )


def officers_assigned(inspection: Inspection, at: datetime) -> events_pb2.OfficersAssigned:
    """The fact that officers were named, also in place of others."""
    return events_pb2.OfficersAssigned(
        officers=inspection.officers,
        assigned_at=stamp(at),
        **_facts(inspection),
    )


def finding_recorded(inspection: Inspection) -> events_pb2.FindingRecorded:
    """The fact that the newest of the findings was recorded."""
    finding = inspection.findings[-1]
    return events_pb2.FindingRecorded(
        finding_id=str(finding.id),
        item_code=finding.item_code,
        gravity=GRAVITIES_OUT[finding.gravity],
        enterprise_code=inspection.enterprise_code,
        certificate_type=finding.certificate_type,
        recorded_at=stamp(finding.recorded_at),
        **_facts(inspection),
    )


def rectification_ordered(inspection: Inspection, at: datetime) -> events_pb2.RectificationOrdered:
    """The fact that rectification was ordered."""
    return events_pb2.RectificationOrdered(
        rectify_by=stamp(inspection.rectify_by),
        enterprise_code=inspection.enterprise_code,
        ordered_at=stamp(at),
        **_facts(inspection),
    )


def rectification_extended(inspection: Inspection, at: datetime) -> events_pb2.RectificationExtended:
    """The fact that the date for rectification was put off."""
    return events_pb2.RectificationExtended(
        rectify_by=stamp(inspection.rectify_by),
        enterprise_code=inspection.enterprise_code,
        extended_at=stamp(at),
        **_facts(inspection),
    )


def recheck_recorded(inspection: Inspection, at: datetime) -> events_pb2.RecheckRecorded:
    """The fact that the subject was checked again; a date runs on only when it was not in order."""
    passed = inspection.state is InspectionState.RECHECKED
    return events_pb2.RecheckRecorded(
        passed=passed,
        rectify_by=None if passed else stamp(inspection.rectify_by),
        enterprise_code=inspection.enterprise_code,
        checked_at=stamp(at),
        **_facts(inspection),
    )


def inspection_closed(inspection: Inspection) -> events_pb2.InspectionClosed:
    """The fact that an inspection was closed."""
    return events_pb2.InspectionClosed(
        incident_id=text_of(inspection.incident_id),
        enterprise_code=inspection.enterprise_code,
        outcome=OUTCOMES[inspection.outcome],
        closed_at=stamp(inspection.closed_at),
        **_facts(inspection),
    )


def _facts(inspection: Inspection) -> _Facts:
    return {
        "inspection_id": str(inspection.id),
        "version": inspection.version,
        "case_number": inspection.case_number,
        "region": inspection.region,
        "department": inspection.department,
    }
