"""Requests to nouns, and nouns to answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from egov.common.v1 import paging_pb2
from egov.grid.v1 import grid_service_pb2, incidents_pb2

from services.chassis.moments import moment_in, stamp
from services.chassis.parties import party_message
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.domain.reports import Report
from services.grid.domain.showing import shown_to
from services.grid.domain.standing import Which
from services.grid.wire.codes import (
    HANDLING_OUTCOMES_OUT,
    KINDS,
    LEVELS_OUT,
    OUTCOMES_OUT,
    RETURN_REASONS_OUT,
    SATISFACTIONS_OUT,
    SOURCES,
    SOURCES_OUT,
    STATES_OUT,
    URGENCIES_OUT,
    type_key,
)
from services.grid.wire.evidence import proof_messages, proofs
from services.grid.wire.holding import time_request_message
from services.grid.wire.intake import intake_message
from services.grid.wire.outside import outside_message
from services.grid.wire.own_view import own_view
from services.grid.wire.places import position, position_message
from services.grid.wire.progress import stage_message
from services.grid.wire.supervising import supervision_message
from services.kernel.paging import Page, PageRequest, instant, page_request, plain
from services.kernel.parties import Party


def report(message: incidents_pb2.Report, now: datetime) -> Report:
    """A report, from a request that comes now."""
    return Report(
        type=TypeKey(message.type.standard, KINDS[message.type.kind], message.type.code),
        region=message.region,
        description=message.description,
        seen_at=moment_in(message, "seen_at"),
        address=message.address,
        reporter_citizen_number=message.reporter_citizen_number,
        enterprise_code=message.enterprise_code,
        reference=message.reference,
        position=position(message.position) if message.HasField("position") else None,
        source=SOURCES[message.source],
        evidence=proofs(message.evidence, now),
    )


def which(request: Any, bound: str) -> Which:
    """The incident that a request is to change, from a caller who works in this region."""
    return Which(UUID(request.incident_id), bound, request.version)


def incident_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of incidents; sorted by (filed_at, id)."""
    return page_request(message.page_size, message.page_token, instant, UUID)


def type_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of incident types; sorted by (standard, kind, code)."""
    return page_request(message.page_size, message.page_token, plain, IncidentKind, plain)


def incident_message(incident: Incident, department: str | None, party: Party | None = None) -> incidents_pb2.Incident:
    """An incident, for an answer to this party, who speaks for this department. Whoever reported it has an own view."""
    message = _full(shown_to(incident, department, party))
    return message if department else own_view(message)


def _full(incident: Incident) -> incidents_pb2.Incident:
    return incidents_pb2.Incident(
        incident_id=str(incident.id),
        case_number=incident.case_number,
        version=incident.version,
        state=STATES_OUT[incident.state],
        report=_report_message(incident.report),
        enterprise_code_doubtful=incident.enterprise_code_doubtful,
        reporter=party_message(incident.reporter),
        holder_department=incident.holder,
        filed_at=stamp(incident.filed_at),
        dispatched_at=stamp(incident.dispatched_at),
        handle_by=stamp(incident.handle_by),
        closed_at=stamp(incident.closed_at),
        closing_outcome=OUTCOMES_OUT[incident.closing_outcome],
        dispatch_reason=incident.dispatch_reason,
        deadline=stamp(incident.deadline),
        escalation_level=LEVELS_OUT[incident.level],
        accepted_at=stamp(incident.accepted_at),
        handled_at=stamp(incident.handled_at),
        verified_at=stamp(incident.verified_at),
        inspection_id=str(incident.inspection_id or ""),
        handling_outcome=HANDLING_OUTCOMES_OUT[incident.handling_outcome],
        returned_by=incident.returned_by,
        return_reason=RETURN_REASONS_OUT[incident.return_reason],
        closing_reason=incident.closing_reason,
        deadline_provisional=incident.provisional,
        returns=incident.returns,
        coordinator=incident.coordinator,
        binding=incident.bound,
        asked=time_request_message(incident.asked),
        refusal_reason=incident.refusal_reason,
        review_at=stamp(incident.review_at),
        hold_reason=incident.hold_reason,
        main_incident_id=str(incident.main.id) if incident.main else "",
        main_case_number=incident.main.case_number if incident.main else "",
        satisfaction=SATISFACTIONS_OUT[incident.satisfaction],
        stages=[stage_message(each) for each in incident.course.stages] if incident.course else [],
        stage=incident.course.present.position if incident.course else 0,
        reply=incident.reply,
        intake=intake_message(incident.intake),
        outside=outside_message(incident.outside),
        evidence=proof_messages(incident.evidence),
        captured_at=stamp(incident.report.captured_at),
        received_at=stamp(incident.filed_at),
        supervision=supervision_message(incident.supervision),
        urgency=URGENCIES_OUT[incident.urgency],
        urgency_without_stages=incident.without_stages,
    )


def incidents_message(
    page: Page[Incident], department: str | None, party: Party | None = None
) -> grid_service_pb2.ListIncidentsResponse:
    """A page of incidents, for an answer to this party, who speaks for this department."""
    return grid_service_pb2.ListIncidentsResponse(
        incidents=[incident_message(incident, department, party) for incident in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def _report_message(report: Report) -> incidents_pb2.Report:
    return incidents_pb2.Report(
        type=type_key(report.type),
        region=report.region,
        description=report.description,
        address=report.address,
        seen_at=stamp(report.seen_at),
        reporter_citizen_number=report.reporter_citizen_number,
        enterprise_code=report.enterprise_code,
        reference=report.reference,
        position=position_message(report.position),
        source=SOURCES_OUT[report.source],
        evidence=proof_messages(report.evidence),
    )
