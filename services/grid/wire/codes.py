"""The contract's enumerations and the domain's: both ways."""

from __future__ import annotations

from egov.grid.v1 import incidents_pb2, outside_bodies_pb2, stages_pb2, time_requests_pb2

from services.grid.domain.catalogue import Urgency
from services.grid.domain.deadlines import Level
from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.domain.reports import Source
from services.grid.domain.states import (
    ClosingOutcome,
    DeclineKind,
    HandlingOutcome,
    IncidentState,
    OutsideAnswer,
    ReturnReason,
    Satisfaction,
    TimeKind,
)

KINDS = {
    incidents_pb2.INCIDENT_KIND_COMPONENT: IncidentKind.COMPONENT,
    incidents_pb2.INCIDENT_KIND_EVENT: IncidentKind.EVENT,
}
STATES = {
    incidents_pb2.INCIDENT_STATE_FILED: IncidentState.FILED,
    incidents_pb2.INCIDENT_STATE_DISPATCHED: IncidentState.DISPATCHED,
    incidents_pb2.INCIDENT_STATE_CLOSED: IncidentState.CLOSED,
    incidents_pb2.INCIDENT_STATE_ACCEPTED: IncidentState.ACCEPTED,
    incidents_pb2.INCIDENT_STATE_HANDLED: IncidentState.HANDLED,
    incidents_pb2.INCIDENT_STATE_VERIFIED: IncidentState.VERIFIED,
    incidents_pb2.INCIDENT_STATE_REFERRED: IncidentState.REFERRED,
    incidents_pb2.INCIDENT_STATE_ON_HOLD: IncidentState.ON_HOLD,
    incidents_pb2.INCIDENT_STATE_MERGED: IncidentState.MERGED,
    incidents_pb2.INCIDENT_STATE_VOIDED: IncidentState.VOIDED,
    incidents_pb2.INCIDENT_STATE_REPORTED: IncidentState.REPORTED,
    incidents_pb2.INCIDENT_STATE_CHECKED: IncidentState.CHECKED,
    incidents_pb2.INCIDENT_STATE_DECLINED: IncidentState.DECLINED,
    incidents_pb2.INCIDENT_STATE_OUTSIDE: IncidentState.OUTSIDE,
}
SOURCES = {
    incidents_pb2.REPORT_SOURCE_UNSPECIFIED: Source.UNSAID,
    incidents_pb2.REPORT_SOURCE_PUBLIC: Source.PUBLIC,
    incidents_pb2.REPORT_SOURCE_HOTLINE: Source.HOTLINE,
    incidents_pb2.REPORT_SOURCE_MEDIA: Source.MEDIA,
    incidents_pb2.REPORT_SOURCE_COLLECTOR: Source.COLLECTOR,
    incidents_pb2.REPORT_SOURCE_SUPERIOR: Source.SUPERIOR,
    incidents_pb2.REPORT_SOURCE_DEVICE: Source.DEVICE,
}
URGENCIES_OUT = {
    Urgency.NORMAL: stages_pb2.URGENCY_NORMAL,
    Urgency.URGENT: stages_pb2.URGENCY_URGENT,
    Urgency.VERY_URGENT: stages_pb2.URGENCY_VERY_URGENT,
}
DECLINE_KINDS_OUT: dict[DeclineKind | None, incidents_pb2.DeclineKind.ValueType] = {
    None: incidents_pb2.DECLINE_KIND_UNSPECIFIED,
    DeclineKind.NOT_ACCEPTED: incidents_pb2.DECLINE_KIND_NOT_ACCEPTED,
    DeclineKind.NOT_FILED: incidents_pb2.DECLINE_KIND_NOT_FILED,
}
OUTSIDE_ANSWERS = {
    outside_bodies_pb2.OUTSIDE_ANSWER_DONE: OutsideAnswer.DONE,
    outside_bodies_pb2.OUTSIDE_ANSWER_FAILED: OutsideAnswer.FAILED,
    outside_bodies_pb2.OUTSIDE_ANSWER_REFUSED: OutsideAnswer.REFUSED,
}
OUTSIDE_ANSWERS_OUT: dict[OutsideAnswer | None, outside_bodies_pb2.OutsideAnswer.ValueType] = {
    None: outside_bodies_pb2.OUTSIDE_ANSWER_UNSPECIFIED,
    **{answer: number for number, answer in OUTSIDE_ANSWERS.items()},
}
OUTCOMES = {
    incidents_pb2.CLOSING_OUTCOME_HANDLED: ClosingOutcome.HANDLED,
    incidents_pb2.CLOSING_OUTCOME_NOT_FOUND_ON_SITE: ClosingOutcome.NOT_FOUND_ON_SITE,
    incidents_pb2.CLOSING_OUTCOME_DUPLICATE: ClosingOutcome.DUPLICATE,
}
RETURN_REASONS = {
    incidents_pb2.RETURN_REASON_NOT_OUR_DUTY: ReturnReason.NOT_OUR_DUTY,
    incidents_pb2.RETURN_REASON_ELSEWHERE: ReturnReason.ELSEWHERE,
    incidents_pb2.RETURN_REASON_UNCLEAR: ReturnReason.UNCLEAR,
}
HANDLING_OUTCOMES = {
    incidents_pb2.HANDLING_OUTCOME_REPORTED: HandlingOutcome.REPORTED,
    incidents_pb2.HANDLING_OUTCOME_IN_ORDER: HandlingOutcome.IN_ORDER,
    incidents_pb2.HANDLING_OUTCOME_RECTIFIED: HandlingOutcome.RECTIFIED,
}
SATISFACTIONS = {
    incidents_pb2.SATISFACTION_SATISFIED: Satisfaction.SATISFIED,
    incidents_pb2.SATISFACTION_NEUTRAL: Satisfaction.NEUTRAL,
    incidents_pb2.SATISFACTION_DISSATISFIED: Satisfaction.DISSATISFIED,
}
TIME_KINDS_OUT = {
    TimeKind.HOLD: time_requests_pb2.TIME_REQUEST_KIND_HOLD,
    TimeKind.EXTENSION: time_requests_pb2.TIME_REQUEST_KIND_EXTENSION,
}
LEVELS = {
    incidents_pb2.ESCALATION_LEVEL_GRID: Level.GRID,
    incidents_pb2.ESCALATION_LEVEL_VILLAGE: Level.VILLAGE,
    incidents_pb2.ESCALATION_LEVEL_TOWNSHIP: Level.TOWNSHIP,
    incidents_pb2.ESCALATION_LEVEL_COUNTY: Level.COUNTY,
    incidents_pb2.ESCALATION_LEVEL_CITY: Level.CITY,
}
KINDS_OUT = {kind: number for number, kind in KINDS.items()}
STATES_OUT = {state: number for number, state in STATES.items()}
SOURCES_OUT = {source: number for number, source in SOURCES.items()}
LEVELS_OUT = {level: number for number, level in LEVELS.items()}
OUTCOMES_OUT: dict[ClosingOutcome | None, incidents_pb2.ClosingOutcome.ValueType] = {
    None: incidents_pb2.CLOSING_OUTCOME_UNSPECIFIED,
    **{outcome: number for number, outcome in OUTCOMES.items()},
}
RETURN_REASONS_OUT: dict[ReturnReason | None, incidents_pb2.ReturnReason.ValueType] = {
    None: incidents_pb2.RETURN_REASON_UNSPECIFIED,
    **{reason: number for number, reason in RETURN_REASONS.items()},
}
SATISFACTIONS_OUT: dict[Satisfaction | None, incidents_pb2.Satisfaction.ValueType] = {
    None: incidents_pb2.SATISFACTION_UNSPECIFIED,
    **{satisfaction: number for number, satisfaction in SATISFACTIONS.items()},
}
HANDLING_OUTCOMES_OUT: dict[HandlingOutcome | None, incidents_pb2.HandlingOutcome.ValueType] = {
    None: incidents_pb2.HANDLING_OUTCOME_UNSPECIFIED,
    **{outcome: number for number, outcome in HANDLING_OUTCOMES.items()},
}


def type_key(key: TypeKey) -> incidents_pb2.IncidentTypeKey:
    """The key of an incident type."""
    return incidents_pb2.IncidentTypeKey(standard=key.standard, kind=KINDS_OUT[key.kind], code=key.code)


def key_of(message: incidents_pb2.IncidentTypeKey) -> TypeKey:
    """The key of an incident type, from a request."""
    return TypeKey(message.standard, KINDS[message.kind], message.code)
