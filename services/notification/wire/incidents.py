"""What grid's events mean here: whom each concerns, and what they are told. Who reported is always told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from egov.grid.v1 import events_pb2 as grid
from egov.grid.v1 import incidents_pb2, stages_pb2
from google.protobuf.message import Message

from services.chassis.moments import moment
from services.chassis.parties import party
from services.kernel.parties import Party
from services.notification.domain.notices import Addressee, Occasion, Reporter
from services.notification.domain.wordings import Fact

KINDS = {incidents_pb2.INCIDENT_KIND_COMPONENT: "component", incidents_pb2.INCIDENT_KIND_EVENT: "event"}


def reporter(event: Any) -> Reporter:
    """Who reported the incident that an event of grid is about."""
    return Reporter(party(event.reporter), event.reference)


def occasion(event: Message, event_id: str) -> Occasion:
    """What an event of grid means. LookupError for one that nobody is told of."""
    return OCCASIONS[type(event)](event, event_id)


def _reported(event: grid.IncidentReported, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"reported_at": moment(event.reported_at), "check_by": moment(event.check_by)}
    return told_of(event, event_id, "incident-reported", event.centre, facts, "centre")


def _filed(event: grid.IncidentFiled, event_id: str) -> Occasion:
    """Its grid centre, which holds it now, is the department concerned."""
    facts: dict[str, Fact] = {"filed_at": moment(event.filed_at)}
    return told_of(event, event_id, "incident-filed", event.holder.partition("/")[2], facts, "department")


def _dispatched(event: grid.IncidentDispatched, event_id: str) -> Occasion:
    """The department that had it until then is told that it is another's."""
    facts: dict[str, Fact] = {"dispatched_at": moment(event.dispatched_at), "handle_by": moment(event.handle_by)}
    facts["taken_from"] = event.taken_from
    facts["urgency"] = stages_pb2.Urgency.Name(event.urgency).removeprefix("URGENCY_")
    told = told_of(event, event_id, "incident-dispatched", event.department, facts, "department")
    former = Addressee("former", Party("department", event.taken_from))
    return replace(told, addressees=(*told.addressees, former)) if event.taken_from else told


def _accepted(event: grid.IncidentAccepted, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"accepted_at": moment(event.accepted_at), "handle_by": moment(event.handle_by)}
    return told_of(event, event_id, "incident-accepted", event.department, facts, "centre")


def _returned(event: grid.IncidentReturned, event_id: str) -> Occasion:
    reason = incidents_pb2.ReturnReason.Name(event.reason).removeprefix("RETURN_REASON_")
    facts: dict[str, Fact] = {"returned_at": moment(event.returned_at), "dispatch_by": moment(event.dispatch_by)}
    facts["reason"] = reason
    return told_of(event, event_id, "incident-returned", event.department, facts, "centre")


def _handled(event: grid.IncidentHandled, event_id: str) -> Occasion:
    outcome = incidents_pb2.HandlingOutcome.Name(event.outcome).removeprefix("HANDLING_OUTCOME_")
    facts: dict[str, Fact] = {"handled_at": moment(event.handled_at), "verify_by": moment(event.verify_by)}
    facts["outcome"] = outcome
    return told_of(event, event_id, "incident-handled", event.department, facts, "centre")


def _verified(event: grid.IncidentVerified, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"verified_at": moment(event.verified_at)}
    return told_of(event, event_id, "incident-verified", event.department, facts, "department")


def _rework(event: grid.IncidentReworkOrdered, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"ordered_at": moment(event.ordered_at), "handle_by": moment(event.handle_by)}
    return told_of(event, event_id, "incident-rework", event.department, facts, "department")


def _closed(event: grid.IncidentClosed, event_id: str) -> Occasion:
    """What was never dispatched, or closed with its main incident, concerns its reporter alone."""
    outcome = incidents_pb2.ClosingOutcome.Name(event.outcome).removeprefix("CLOSING_OUTCOME_")
    facts: dict[str, Fact] = {"closed_at": moment(event.closed_at), "outcome": outcome}
    facts["asked"] = "RATED" if event.rated else "ONCE"
    if event.main_case_number:
        facts["main_case"] = event.main_case_number
        return told_of(event, event_id, "incident-closed-with-main", "", facts)
    if not event.department:
        return told_of(event, event_id, "incident-dismissed", "", facts)
    return told_of(event, event_id, "incident-closed", event.department, facts, "department")


def _reopened(event: grid.IncidentReopened, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"reopened_at": moment(event.reopened_at), "dispatch_by": moment(event.dispatch_by)}
    return told_of(event, event_id, "incident-reopened", event.centre, facts, "centre")


def _escalated(event: grid.IncidentEscalated, event_id: str) -> Occasion:
    """The level above is told with whoever holds it. The reporter is told of each level once, not of reminders."""
    state = incidents_pb2.IncidentState.Name(event.state).removeprefix("INCIDENT_STATE_")
    level = incidents_pb2.EscalationLevel.Name(event.level).removeprefix("ESCALATION_LEVEL_")
    moments: dict[str, Fact] = {"due_at": moment(event.due_at), "answer_by": moment(event.answer_by)}
    facts: dict[str, Fact] = {**moments, "state": state, "level": level, "supervisor": event.supervisor}
    above = Addressee("supervisor", Party("department", event.supervisor))
    wording = "incident-reminded" if event.reminder else "incident-escalated"
    holder = Addressee("department", Party("department", event.department))
    told = (above, holder) if event.reminder else (Addressee("reporter", *reporter(event)), above, holder)
    return Occasion(
        caused_by=UUID(event_id),
        wording=wording,
        case_number=event.case_number,
        region=event.region,
        addressees=told,
        facts={**codes_of(event), "department": event.department, **facts},
    )


def _due_soon(event: grid.IncidentDueSoon, event_id: str) -> Occasion:
    """Whoever holds it is warned, and nobody else."""
    state = incidents_pb2.IncidentState.Name(event.state).removeprefix("INCIDENT_STATE_")
    return Occasion(
        caused_by=UUID(event_id),
        wording="incident-due-soon",
        case_number=event.case_number,
        region=event.region,
        addressees=(Addressee("department", Party("department", event.department)),),
        facts={**codes_of(event), "department": event.department, "state": state, "due_at": moment(event.due_at)},
    )


OCCASIONS: Mapping[type[Message], Callable[[Any, str], Occasion]] = {
    grid.IncidentReported: _reported,
    grid.IncidentFiled: _filed,
    grid.IncidentDispatched: _dispatched,
    grid.IncidentAccepted: _accepted,
    grid.IncidentReturned: _returned,
    grid.IncidentHandled: _handled,
    grid.IncidentVerified: _verified,
    grid.IncidentReworkOrdered: _rework,
    grid.IncidentClosed: _closed,
    grid.IncidentReopened: _reopened,
    grid.IncidentEscalated: _escalated,
    grid.IncidentDueSoon: _due_soon,
}
"""What each event that is taken means."""


def told_of(
    event: Any, event_id: str, wording: str, department: str, facts: Mapping[str, Fact], role: str = ""
) -> Occasion:
    """An occasion for the reporter, and for one department more in a role: the grid centre, or the one in charge."""
    told = [Addressee("reporter", *reporter(event))]
    if role:
        code = event.centre if role == "centre" else department
        told.append(Addressee(role, Party("department", code)))
    return Occasion(
        caused_by=UUID(event_id),
        wording=wording,
        case_number=event.case_number,
        region=event.region,
        addressees=tuple(told),
        facts={**codes_of(event), "department": department, **facts},
    )


def codes_of(event: Any) -> dict[str, Fact]:
    """The codes of the incident's type, as facts."""
    return {"standard": event.type.standard, "kind": KINDS[event.type.kind], "code": event.type.code}
