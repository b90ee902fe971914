"""One constructor for each event of what was referred, merged, split off, voided or rated."""

from __future__ import annotations

from datetime import datetime

from egov.grid.v1 import events_pb2

from services.chassis.moments import stamp
from services.grid.domain.incidents import Incident
from services.grid.wire.codes import RETURN_REASONS_OUT, SATISFACTIONS_OUT, STATES_OUT
from services.grid.wire.events import facts, held


def incident_referred(incident: Incident, at: datetime) -> events_pb2.IncidentReferred:
    """The fact that it was returned once more, and that a coordinator decides."""
    return events_pb2.IncidentReferred(
        dispatch_by=stamp(incident.deadline),
        department=incident.returned_by,
        centre=incident.owner,
        coordinator=incident.coordinator,
        reason=RETURN_REASONS_OUT[incident.return_reason],
        returns=incident.returns,
        returned_at=stamp(at),
        **held(incident),
    )


def incident_merged(before: Incident, incident: Incident, at: datetime) -> events_pb2.IncidentMerged:
    """The fact that it is a duplicate of its main incident."""
    assert incident.main is not None
    return events_pb2.IncidentMerged(
        centre=incident.owner,
        main_incident_id=str(incident.main.id),
        main_case_number=incident.main.case_number,
        merged_at=stamp(at),
        department=before.department,
        **held(incident),
    )


def incident_split(incident: Incident, at: datetime) -> events_pb2.IncidentSplit:
    """The fact that it is no duplicate."""
    return events_pb2.IncidentSplit(
        dispatch_by=stamp(incident.deadline),
        centre=incident.owner,
        split_at=stamp(at),
        state=STATES_OUT[incident.state],
        **held(incident),
    )


def incident_rejoined(incident: Incident, at: datetime) -> events_pb2.IncidentRejoined:
    """The fact that a duplicate goes on with its main incident; its case begins again."""
    assert incident.main is not None
    return events_pb2.IncidentRejoined(
        centre=incident.owner,
        main_incident_id=str(incident.main.id),
        main_case_number=incident.main.case_number,
        rejoined_at=stamp(at),
        **held(incident),
    )


def incident_voided(incident: Incident) -> events_pb2.IncidentVoided:
    """The fact that it counts as none; its case ends."""
    return events_pb2.IncidentVoided(
        department=incident.department, centre=incident.owner, voided_at=stamp(incident.closed_at), **facts(incident)
    )


def incident_rated(incident: Incident, at: datetime) -> events_pb2.IncidentRated:
    """The fact that whoever reported it said what they think of the outcome."""
    return events_pb2.IncidentRated(
        department=incident.department,
        centre=incident.owner,
        satisfaction=SATISFACTIONS_OUT[incident.satisfaction],
        rated_at=stamp(at),
        **facts(incident),
    )
