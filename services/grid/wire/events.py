"""One constructor for each published event."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from egov.common.v1 import parties_pb2
from egov.grid.v1 import clocks_pb2, events_pb2, incidents_pb2, time_requests_pb2

from services.chassis.moments import stamp
from services.chassis.parties import party_message
from services.grid.domain.deadlines import Level
from services.grid.domain.incidents import Incident
from services.grid.domain.states import HandlingOutcome, IncidentState
from services.grid.wire.clocks import KINDS_OUT
from services.grid.wire.codes import (
    HANDLING_OUTCOMES_OUT,
    LEVELS_OUT,
    OUTCOMES_OUT,
    RETURN_REASONS_OUT,
    STATES_OUT,
    URGENCIES_OUT,
    type_key,
)


class Facts(TypedDict):
    """What every event of an incident says."""

    incident_id: str
    version: int
    case_number: str
    region: str
    type: incidents_pb2.IncidentTypeKey
    reporter: parties_pb2.Party
    reference: str


class Held(Facts):
    """The same of an incident that somebody holds."""

    holder: str


def incident_filed(incident: Incident, at: datetime) -> events_pb2.IncidentFiled:
    """The fact that an incident was filed; its case opens, or goes on after the check on site."""
    return events_pb2.IncidentFiled(filed_at=stamp(at), dispatch_by=stamp(incident.deadline), **held(incident))


def incident_dispatched(before: Incident, incident: Incident) -> events_pb2.IncidentDispatched:
    """The fact that an incident was dispatched, also to another department than before."""
    return events_pb2.IncidentDispatched(
        handle_by=stamp(incident.handle_by),
        department=incident.department,
        dispatched_at=stamp(incident.dispatched_at),
        enterprise_code=incident.report.enterprise_code,
        accept_by=stamp(incident.deadline),
        binding=incident.bound,
        rule=incident.ruled.rule,
        routing_version=incident.ruled.routing,
        taken_from=before.department if before.department != incident.owner else "",
        urgency=URGENCIES_OUT[incident.urgency],
        **held(incident),
    )


def incident_accepted(incident: Incident) -> events_pb2.IncidentAccepted:
    """The fact that its department took it on, or an inspection did."""
    return events_pb2.IncidentAccepted(
        handle_by=stamp(incident.handle_by),
        department=incident.department,
        centre=incident.owner,
        inspection_id=_text(incident.inspection_id),
        accepted_at=stamp(incident.accepted_at),
        **held(incident),
    )


def incident_returned(incident: Incident, at: datetime) -> events_pb2.IncidentReturned:
    """The fact that its department returned it to the grid centre."""
    return events_pb2.IncidentReturned(
        dispatch_by=stamp(incident.deadline),
        department=incident.returned_by,
        centre=incident.owner,
        reason=RETURN_REASONS_OUT[incident.return_reason],
        returned_at=stamp(at),
        **held(incident),
    )


def incident_handled(incident: Incident) -> events_pb2.IncidentHandled:
    """The fact that it was reported handled; an inspection is named when its end says so."""
    by_inspection = incident.handling_outcome is not HandlingOutcome.REPORTED
    return events_pb2.IncidentHandled(
        verify_by=stamp(incident.deadline),
        department=incident.department,
        centre=incident.owner,
        outcome=HANDLING_OUTCOMES_OUT[incident.handling_outcome],
        inspection_id=_text(incident.inspection_id) if by_inspection else "",
        handled_at=stamp(incident.handled_at),
        handle_by=stamp(incident.handle_by),
        **held(incident),
    )


def incident_verified(incident: Incident) -> events_pb2.IncidentVerified:
    """The fact that the grid centre found it handled."""
    return events_pb2.IncidentVerified(
        close_by=stamp(incident.deadline),
        department=incident.department,
        centre=incident.owner,
        verified_at=stamp(incident.verified_at),
        **held(incident),
    )


def rework_ordered(incident: Incident, at: datetime) -> events_pb2.IncidentReworkOrdered:
    """The fact that the grid centre found it not handled."""
    return events_pb2.IncidentReworkOrdered(
        handle_by=stamp(incident.handle_by),
        department=incident.department,
        centre=incident.owner,
        ordered_at=stamp(at),
        **held(incident),
    )


def incident_closed(incident: Incident) -> events_pb2.IncidentClosed:
    """The fact that an incident was closed; its case ends."""
    return events_pb2.IncidentClosed(
        department=incident.department,
        outcome=OUTCOMES_OUT[incident.closing_outcome],
        closed_at=stamp(incident.closed_at),
        main_case_number=incident.main.case_number if incident.main else "",
        rated=incident.satisfaction is not None,
        **facts(incident),
    )


def incident_reopened(incident: Incident, at: datetime) -> events_pb2.IncidentReopened:
    """The fact that whoever reported it reopened it; its case begins again."""
    return events_pb2.IncidentReopened(
        dispatch_by=stamp(incident.deadline), centre=incident.owner, reopened_at=stamp(at), **held(incident)
    )


def incident_escalated(before: Incident, incident: Incident, at: datetime) -> events_pb2.IncidentEscalated:
    """The fact that the next level up was told, or the top one reminded."""
    return events_pb2.IncidentEscalated(
        answer_by=stamp(incident.deadline),
        department=incident.holder,
        state=STATES_OUT[incident.state],
        level=LEVELS_OUT[incident.level],
        supervisor=incident.supervisor,
        reminder=before.level is Level.CITY,
        due_at=stamp(before.deadline),
        escalated_at=stamp(at),
        stage=_late_stage(incident, at),
        clock=KINDS_OUT[incident.mark.clock] if incident.mark else clocks_pb2.CLOCK_KIND_UNSPECIFIED,
        limits_passed=incident.mark.times if incident.mark else 0,
        **held(incident),
    )


def incident_due_soon(incident: Incident, warning_id: UUID, at: datetime) -> events_pb2.IncidentDueSoon:
    """The fact that whoever holds it was warned that its time runs out."""
    return events_pb2.IncidentDueSoon(
        warning_id=str(warning_id),
        version=1,
        case_number=incident.case_number,
        region=incident.report.region,
        holder=f"department/{incident.holder}",
        due_at=stamp(incident.deadline),
        type=type_key(incident.report.type),
        incident_id=str(incident.id),
        department=incident.holder,
        state=STATES_OUT[incident.state],
        warned_at=stamp(at),
    )


def deadline_moved(
    before: Incident, incident: Incident, cause: time_requests_pb2.DeadlineCause.ValueType, at: datetime
) -> events_pb2.IncidentDeadlineMoved:
    """The fact that its deadline moved, or its holder changed, and why; and that nothing is late any more, if so."""
    at_work = incident.state in (IncidentState.DISPATCHED, IncidentState.ACCEPTED)
    taken_back = before.level is not Level.GRID and incident.level is Level.GRID
    withdrawn = taken_back and cause != time_requests_pb2.DEADLINE_CAUSE_EXTENSION
    return events_pb2.IncidentDeadlineMoved(
        due_at=stamp(incident.handle_by if at_work else incident.deadline),
        deadline=stamp(incident.deadline),
        provisional=incident.provisional,
        moved_at=stamp(at),
        cause=cause,
        department=incident.department,
        withdrawn=LEVELS_OUT[before.level] if withdrawn else incidents_pb2.ESCALATION_LEVEL_UNSPECIFIED,
        supervisor=incident.supervisor if withdrawn else "",
        **held(incident),
    )


def facts(incident: Incident) -> Facts:
    """What every event of an incident says."""
    return Facts(
        incident_id=str(incident.id),
        version=incident.version,
        case_number=incident.case_number,
        region=incident.report.region,
        type=type_key(incident.report.type),
        reporter=party_message(incident.reporter),
        reference=incident.report.reference,
    )


def held(incident: Incident) -> Held:
    """The same of an incident that somebody holds."""
    return Held(holder=f"department/{incident.holder}", **facts(incident))


def _late_stage(incident: Incident, at: datetime) -> int:
    """Position of the stage whose clock is late; 0 where none is."""
    return next((each.stage.position for each in incident.clocks if each.stage and each.late(at)), 0)


def _text(id: UUID | None) -> str:
    return str(id) if id else ""
