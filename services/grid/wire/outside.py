"""Outside bodies: between the contract and the domain, and one constructor for each event."""

from __future__ import annotations

from datetime import datetime

from egov.grid.v1 import events_pb2, outside_bodies_pb2, outside_pb2

from services.chassis.moments import moment, stamp
from services.grid.domain.incidents import Incident
from services.grid.domain.requests import OutsideRequest
from services.grid.wire.codes import OUTSIDE_ANSWERS_OUT
from services.grid.wire.events import held


def outside_request(message: outside_pb2.SendOutsideRequest, now: datetime) -> OutsideRequest:
    """What a body is asked for now, from a request."""
    return OutsideRequest(
        body=message.body,
        body_code=message.body_code,
        reference=message.reference,
        sent_at=now,
        answer_by=moment(message.answer_by),
    )


def outside_message(request: OutsideRequest | None) -> outside_bodies_pb2.OutsideRequest | None:
    """What a body was asked for, for an answer."""
    if request is None:
        return None
    return outside_bodies_pb2.OutsideRequest(
        body=request.body,
        body_code=request.body_code,
        reference=request.reference,
        sent_at=stamp(request.sent_at),
        answer_by=stamp(request.answer_by),
        answer=OUTSIDE_ANSWERS_OUT[request.answer],
        answer_reason=request.answer_reason,
        answered_at=stamp(request.answered_at),
    )


def incident_sent_outside(incident: Incident, at: datetime) -> events_pb2.IncidentSentOutside:
    """The fact that an outside body has to act."""
    assert incident.outside is not None
    return events_pb2.IncidentSentOutside(
        answer_by=stamp(incident.outside.answer_by),
        department=incident.department,
        centre=incident.owner,
        outside_code=incident.outside.body_code,
        sent_at=stamp(at),
        **held(incident),
    )


def outside_answered(incident: Incident, at: datetime) -> events_pb2.IncidentOutsideAnswered:
    """The fact that its answer was written down."""
    assert incident.outside is not None
    return events_pb2.IncidentOutsideAnswered(
        handle_by=stamp(incident.handle_by),
        department=incident.department,
        centre=incident.owner,
        outside_code=incident.outside.body_code,
        answer=OUTSIDE_ANSWERS_OUT[incident.outside.answer],
        answered_at=stamp(at),
        **held(incident),
    )
