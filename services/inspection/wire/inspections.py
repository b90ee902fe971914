"""Between the contract and the domain: messages to nouns and back."""

from __future__ import annotations

from uuid import UUID

from egov.common.v1 import paging_pb2
from egov.identity.v1 import organisations_pb2
from egov.inspection.v1 import inspection_service_pb2, inspections_pb2

from services.chassis.moments import stamp
from services.chassis.parties import party_message
from services.inspection.domain.inspections import Finding, Inspection, InspectionOutcome
from services.inspection.domain.officers import Staff
from services.inspection.domain.reference import ChecklistItem, Gravity
from services.inspection.domain.transitions import InspectionState
from services.kernel.paging import Page, PageRequest, instant, page_request, plain

STATES = {
    inspections_pb2.INSPECTION_STATE_OPENED: InspectionState.OPENED,
    inspections_pb2.INSPECTION_STATE_ASSIGNED: InspectionState.ASSIGNED,
    inspections_pb2.INSPECTION_STATE_RECTIFYING: InspectionState.RECTIFYING,
    inspections_pb2.INSPECTION_STATE_RECHECKED: InspectionState.RECHECKED,
    inspections_pb2.INSPECTION_STATE_CLOSED: InspectionState.CLOSED,
}
GRAVITIES = {
    inspections_pb2.GRAVITY_MINOR: Gravity.MINOR,
    inspections_pb2.GRAVITY_ORDINARY: Gravity.ORDINARY,
    inspections_pb2.GRAVITY_GRAVE: Gravity.GRAVE,
}
OUTCOMES: dict[InspectionOutcome | None, inspections_pb2.InspectionOutcome.ValueType] = {
    None: inspections_pb2.INSPECTION_OUTCOME_UNSPECIFIED,
    InspectionOutcome.IN_ORDER: inspections_pb2.INSPECTION_OUTCOME_IN_ORDER,
    InspectionOutcome.RECTIFIED: inspections_pb2.INSPECTION_OUTCOME_RECTIFIED,
}
_STATES_OUT = {state: number for number, state in STATES.items()}
GRAVITIES_OUT = {gravity: number for number, gravity in GRAVITIES.items()}


def staff(message: organisations_pb2.Staff) -> Staff:
    """A member of staff, as identity answers."""
    return Staff(
        person_id=message.person_id,
        department=message.department,
        roles=frozenset(message.roles),
        officer_licence=message.officer_licence,
        active=message.active,
    )


def inspection_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of inspections; sorted by (opened_at, id)."""
    return page_request(message.page_size, message.page_token, instant, UUID)


def item_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of checklist items; sorted by code."""
    return page_request(message.page_size, message.page_token, plain)


def inspection_message(inspection: Inspection) -> inspections_pb2.Inspection:
    """An inspection, for an answer."""
    return inspections_pb2.Inspection(
        inspection_id=str(inspection.id),
        case_number=inspection.case_number,
        version=inspection.version,
        state=_STATES_OUT[inspection.state],
        region=inspection.region,
        department=inspection.department,
        incident_id=text_of(inspection.incident_id),
        enterprise_code=inspection.enterprise_code,
        reporter=party_message(inspection.reporter) if inspection.reporter else None,
        officers=inspection.officers,
        findings=[_finding(each) for each in inspection.findings],
        rectify_by=stamp(inspection.rectify_by),
        refused_effects=[
            inspections_pb2.RefusedEffect(service=each.service, event_id=str(each.event_id), reason=each.reason)
            for each in inspection.refused_effects
        ],
        opened_at=stamp(inspection.opened_at),
        closed_at=stamp(inspection.closed_at),
        outcome=OUTCOMES[inspection.outcome],
    )


def inspections_message(page: Page[Inspection]) -> inspection_service_pb2.ListInspectionsResponse:
    """A page of inspections."""
    return inspection_service_pb2.ListInspectionsResponse(
        inspections=[inspection_message(inspection) for inspection in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def items_message(page: Page[ChecklistItem]) -> inspection_service_pb2.ListChecklistItemsResponse:
    """A page of checklist items."""
    return inspection_service_pb2.ListChecklistItemsResponse(
        items=[
            inspections_pb2.ChecklistItem(
                code=each.code,
                name=each.name,
                name_en=each.name_en,
                least_gravity=GRAVITIES_OUT[each.least_gravity],
                certificate_type=each.certificate_type,
            )
            for each in page.rows
        ],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def text_of(id: UUID | None) -> str:
    """An id, empty when there is none."""
    return str(id) if id else ""


def _finding(finding: Finding) -> inspections_pb2.Finding:
    return inspections_pb2.Finding(
        finding_id=str(finding.id),
        item_code=finding.item_code,
        gravity=GRAVITIES_OUT[finding.gravity],
        officer_id=finding.officer,
        recorded_at=stamp(finding.recorded_at),
        certificate_type=finding.certificate_type,
    )
