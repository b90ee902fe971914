"""Supervision: the order for answers, and one constructor for each event of it."""

from __future__ import annotations

from datetime import datetime

from egov.grid.v1 import events_pb2, supervision_pb2

from services.chassis.moments import stamp
from services.grid.domain.incidents import Incident
from services.grid.domain.requests import Supervision
from services.grid.wire.codes import STATES_OUT
from services.grid.wire.events import held


def supervision_message(order: Supervision | None) -> supervision_pb2.Supervision | None:
    """What a level above ordered, for an answer."""
    if order is None:
        return None
    return supervision_pb2.Supervision(
        ordered_by=order.ordered_by,
        reason=order.reason,
        ordered_at=stamp(order.ordered_at),
        answer_by=stamp(order.answer_by),
        missed=order.missed,
    )


def incident_supervised(incident: Incident) -> events_pb2.IncidentSupervised:
    """The fact that a level above ordered that it is handled by a day."""
    order = incident.supervision
    assert order is not None
    return events_pb2.IncidentSupervised(
        answer_by=stamp(order.answer_by),
        department=incident.holder,
        centre=incident.owner,
        supervisor=order.ordered_by,
        state=STATES_OUT[incident.state],
        ordered_at=stamp(order.ordered_at),
        **held(incident),
    )


def supervision_missed(incident: Incident, at: datetime) -> events_pb2.IncidentSupervisionMissed:
    """The fact that it was not handled by the day of the order."""
    order = incident.supervision
    assert order is not None
    return events_pb2.IncidentSupervisionMissed(
        answer_by=stamp(order.answer_by),
        department=incident.holder,
        centre=incident.owner,
        supervisor=order.ordered_by,
        state=STATES_OUT[incident.state],
        missed_at=stamp(at),
        **held(incident),
    )
