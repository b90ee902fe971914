"""The way in: answers, and one constructor for each of its events."""

from __future__ import annotations

from datetime import datetime

from egov.grid.v1 import events_pb2, incidents_pb2
from google.protobuf.message import Message

from services.chassis.moments import stamp
from services.grid.domain.incidents import Incident
from services.grid.domain.reports import Intake
from services.grid.domain.states import IncidentState
from services.grid.wire.codes import DECLINE_KINDS_OUT, SOURCES_OUT
from services.grid.wire.events import facts, held, incident_filed


def intake_message(intake: Intake | None) -> incidents_pb2.Intake | None:
    """What became of a report that is checked first, for an answer."""
    if intake is None:
        return None
    return incidents_pb2.Intake(
        found=intake.found,
        checked_at=stamp(intake.checked_at),
        remark=intake.remark,
        declined=DECLINE_KINDS_OUT[intake.declined],
        objected=intake.objected,
    )


def begun(incident: Incident, at: datetime) -> Message:
    """The fact that opens a case: it was filed, or reported and is checked first."""
    if incident.state is IncidentState.REPORTED:
        return incident_reported(incident, at)
    return incident_filed(incident, at)


def incident_reported(incident: Incident, at: datetime) -> events_pb2.IncidentReported:
    """The fact that the public reported something, or objects to what became of it; its case opens."""
    return events_pb2.IncidentReported(
        check_by=stamp(incident.deadline),
        centre=incident.owner,
        source=SOURCES_OUT[incident.report.source],
        objection=incident.intake is not None and incident.intake.objected,
        reported_at=stamp(at),
        **held(incident),
    )


def incident_checked(incident: Incident, at: datetime) -> events_pb2.IncidentChecked:
    """The fact that somebody looked on site."""
    return events_pb2.IncidentChecked(
        file_by=stamp(incident.deadline),
        centre=incident.owner,
        found=incident.intake is not None and incident.intake.found,
        checked_at=stamp(at),
        **held(incident),
    )


def incident_declined(incident: Incident) -> events_pb2.IncidentDeclined:
    """The fact that it was not accepted or not filed; its case ends."""
    return events_pb2.IncidentDeclined(
        centre=incident.owner,
        kind=DECLINE_KINDS_OUT[incident.intake.declined if incident.intake else None],
        declined_at=stamp(incident.closed_at),
        **facts(incident),
    )
