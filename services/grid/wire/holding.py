"""Holds and extensions: requests that wait, for answers, and one constructor for each event of them."""

from __future__ import annotations

from datetime import datetime

from egov.grid.v1 import events_pb2, time_requests_pb2

from services.chassis.moments import stamp
from services.grid.domain.incidents import Incident
from services.grid.domain.requests import TimeRequest
from services.grid.domain.states import Who
from services.grid.wire.codes import TIME_KINDS_OUT
from services.grid.wire.events import held


def time_request_message(asked: TimeRequest | None) -> time_requests_pb2.TimeRequest | None:
    """A request that waits, for an answer."""
    if asked is None:
        return None
    return time_requests_pb2.TimeRequest(
        kind=TIME_KINDS_OUT[asked.kind],
        reason=asked.reason,
        asked_at=stamp(asked.asked_at),
        review_at=stamp(asked.review_at),
        units=asked.units,
    )


def time_asked(incident: Incident) -> events_pb2.IncidentTimeAsked:
    """The fact that its department asked for a hold or an extension."""
    asked = incident.asked
    assert asked is not None
    return events_pb2.IncidentTimeAsked(
        handle_by=stamp(incident.handle_by),
        department=incident.department,
        centre=incident.owner,
        kind=TIME_KINDS_OUT[asked.kind],
        review_at=stamp(asked.review_at),
        units=asked.units,
        asked_at=stamp(asked.asked_at),
        decide_by=stamp(incident.decision.due_at) if incident.decision else None,
        **held(incident),
    )


def decision_awaited(incident: Incident, at: datetime) -> events_pb2.IncidentDecisionAwaited:
    """The fact that the grid centre has not decided: a warning to it, and told to the level above once it is late."""
    asked, decision = incident.asked, incident.decision
    assert asked is not None and decision is not None
    return events_pb2.IncidentDecisionAwaited(
        handle_by=stamp(incident.handle_by),
        department=incident.department,
        centre=incident.owner,
        kind=TIME_KINDS_OUT[asked.kind],
        asked_at=stamp(asked.asked_at),
        decide_by=stamp(decision.due_at),
        limits_passed=incident.mark.times if incident.mark else 0,
        supervisor=incident.supervisor,
        told_at=stamp(at),
        **held(incident),
    )


def time_refused(before: Incident, incident: Incident, at: datetime) -> events_pb2.IncidentTimeRefused:
    """The fact that the grid centre refused what was asked for `before`."""
    assert before.asked is not None
    return events_pb2.IncidentTimeRefused(
        handle_by=stamp(incident.handle_by),
        department=incident.department,
        centre=incident.owner,
        kind=TIME_KINDS_OUT[before.asked.kind],
        refused_at=stamp(at),
        **held(incident),
    )


def incident_held(incident: Incident, at: datetime) -> events_pb2.IncidentHeld:
    """The fact that the grid centre put it on hold."""
    return events_pb2.IncidentHeld(
        review_at=stamp(incident.review_at),
        department=incident.department,
        centre=incident.owner,
        held_at=stamp(at),
        **held(incident),
    )


def incident_resumed(before: Incident, incident: Incident, at: datetime) -> events_pb2.IncidentResumed:
    """The fact that its hold is over."""
    return events_pb2.IncidentResumed(
        handle_by=stamp(incident.handle_by),
        department=incident.department,
        centre=incident.owner,
        review_due=before.review_at is not None and before.review_at <= at,
        resumed_at=stamp(at),
        by_centre=incident.step is not None and Who.CENTRE in incident.step.by,
        **held(incident),
    )
