"""What grid's events beside the plain way mean here, from the check on site to the rating: whom each concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from egov.grid.v1 import events_pb2 as grid
from egov.grid.v1 import incidents_pb2, outside_bodies_pb2, time_requests_pb2
from google.protobuf.message import Message

from services.chassis.moments import moment
from services.kernel.parties import Party
from services.notification.domain.notices import Addressee, Occasion
from services.notification.domain.wordings import Fact
from services.notification.wire.incidents import codes_of, reporter

ASKED = {
    time_requests_pb2.TIME_REQUEST_KIND_HOLD: "HOLD",
    time_requests_pb2.TIME_REQUEST_KIND_EXTENSION: "EXTENSION",
}


def occasion(event: Message, event_id: str) -> Occasion:
    """What an event of grid means. LookupError for one that nobody is told of."""
    return OCCASIONS[type(event)](event, event_id)


def _checked(event: grid.IncidentChecked, event_id: str) -> Occasion:
    """The grid centre is to decide."""
    facts: dict[str, Fact] = {"checked_at": moment(event.checked_at), "file_by": moment(event.file_by)}
    facts["outcome"] = "FOUND" if event.found else "NOT_FOUND"
    return _occasion(event, event_id, "incident-checked", (_one("centre", event.centre),), facts)


def _declined(event: grid.IncidentDeclined, event_id: str) -> Occasion:
    outcome = incidents_pb2.DeclineKind.Name(event.kind).removeprefix("DECLINE_KIND_")
    facts: dict[str, Fact] = {"declined_at": moment(event.declined_at), "outcome": outcome}
    return _occasion(event, event_id, "incident-declined", (_reporter(event),), facts)


def _sent_outside(event: grid.IncidentSentOutside, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"sent_at": moment(event.sent_at), "answer_by": moment(event.answer_by)}
    told = (_reporter(event), _one("centre", event.centre))
    return _occasion(event, event_id, "incident-sent-outside", told, facts)


def _outside_answered(event: grid.IncidentOutsideAnswered, event_id: str) -> Occasion:
    outcome = outside_bodies_pb2.OutsideAnswer.Name(event.answer).removeprefix("OUTSIDE_ANSWER_")
    facts: dict[str, Fact] = {"answered_at": moment(event.answered_at), "handle_by": moment(event.handle_by)}
    facts["outcome"] = outcome
    return _occasion(event, event_id, "incident-outside-answered", (_one("centre", event.centre),), facts)


def _referred(event: grid.IncidentReferred, event_id: str) -> Occasion:
    reason = incidents_pb2.ReturnReason.Name(event.reason).removeprefix("RETURN_REASON_")
    moments: dict[str, Fact] = {"returned_at": moment(event.returned_at), "dispatch_by": moment(event.dispatch_by)}
    facts: dict[str, Fact] = {**moments, "reason": reason, "coordinator": event.coordinator}
    told = (_reporter(event), _one("coordinator", event.coordinator), _one("centre", event.centre))
    return _occasion(event, event_id, "incident-referred", told, facts)


def _time_asked(event: grid.IncidentTimeAsked, event_id: str) -> Occasion:
    """The grid centre is to decide."""
    told = (_one("centre", event.centre),)
    facts: dict[str, Fact] = {"asked_at": moment(event.asked_at), "handle_by": moment(event.handle_by)}
    if ASKED[event.kind] == "HOLD":
        return _occasion(event, event_id, "incident-hold-asked", told, {**facts, "review_at": moment(event.review_at)})
    return _occasion(event, event_id, "incident-extension-asked", told, {**facts, "units": str(event.units)})


def _decision_awaited(event: grid.IncidentDecisionAwaited, event_id: str) -> Occasion:
    """The grid centre is to decide; once it is late, the level above is told, too."""
    facts: dict[str, Fact] = {"asked_at": moment(event.asked_at), "decide_by": moment(event.decide_by)}
    facts |= {"request": ASKED[event.kind], "centre": event.centre, "supervisor": event.supervisor}
    if not event.supervisor:
        return _occasion(event, event_id, "incident-decision-soon", (_one("centre", event.centre),), facts)
    told = (_one("centre", event.centre), _one("supervisor", event.supervisor))
    return _occasion(event, event_id, "incident-decision-late", told, facts)


def _time_refused(event: grid.IncidentTimeRefused, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"refused_at": moment(event.refused_at), "handle_by": moment(event.handle_by)}
    facts["request"] = ASKED[event.kind]
    return _occasion(event, event_id, "incident-time-refused", (_one("department", event.department),), facts)


def _held(event: grid.IncidentHeld, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"held_at": moment(event.held_at), "review_at": moment(event.review_at)}
    return _occasion(event, event_id, "incident-held", _reporter_and_department(event), facts)


def _resumed(event: grid.IncidentResumed, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"resumed_at": moment(event.resumed_at), "handle_by": moment(event.handle_by)}
    wording = "incident-hold-ended" if event.by_centre else "incident-resumed"
    return _occasion(event, event_id, wording, _reporter_and_department(event), facts)


def _deadline_moved(event: grid.IncidentDeadlineMoved, event_id: str) -> Occasion:
    """Of an extension people are told; of a calendar that was changed those are whom it makes late no more."""
    extended = event.cause == time_requests_pb2.DEADLINE_CAUSE_EXTENSION
    facts: dict[str, Fact] = {"moved_at": moment(event.moved_at), "due_at": moment(event.due_at)}
    if event.withdrawn and not extended:
        level = incidents_pb2.EscalationLevel.Name(event.withdrawn).removeprefix("ESCALATION_LEVEL_")
        told = (_one("supervisor", event.supervisor), _one("department", event.holder.removeprefix("department/")))
        facts |= {"level": level, "supervisor": event.supervisor, "due_at": moment(event.deadline)}
        return _occasion(event, event_id, "incident-not-late", told, facts)
    to_tell = _reporter_and_department(event) if extended else ()
    return _occasion(event, event_id, "incident-extended", to_tell, facts)


def _merged(event: grid.IncidentMerged, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"merged_at": moment(event.merged_at), "main_case": event.main_case_number}
    return _occasion(event, event_id, "incident-merged", _reporter_and_department(event), facts)


def _split(event: grid.IncidentSplit, event_id: str) -> Occasion:
    # Events of before there was a state are of what was filed.
    state = incidents_pb2.IncidentState.Name(event.state or incidents_pb2.INCIDENT_STATE_FILED)
    moments = {"split_at": moment(event.split_at), "dispatch_by": moment(event.dispatch_by)}
    facts: dict[str, Fact] = {**moments, "state": state.removeprefix("INCIDENT_STATE_")}
    return _occasion(event, event_id, "incident-split", (_reporter(event), _one("centre", event.centre)), facts)


def _rejoined(event: grid.IncidentRejoined, event_id: str) -> Occasion:
    """The grid centre, which has to do with the main incident alone, is spared it."""
    facts: dict[str, Fact] = {"rejoined_at": moment(event.rejoined_at), "main_case": event.main_case_number}
    return _occasion(event, event_id, "incident-rejoined", (_reporter(event),), facts)


def _voided(event: grid.IncidentVoided, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"voided_at": moment(event.voided_at)}
    return _occasion(event, event_id, "incident-voided", _reporter_and_department(event), facts)


def _rated(event: grid.IncidentRated, event_id: str) -> Occasion:
    satisfaction = incidents_pb2.Satisfaction.Name(event.satisfaction).removeprefix("SATISFACTION_")
    facts: dict[str, Fact] = {"rated_at": moment(event.rated_at), "satisfaction": satisfaction}
    return _occasion(event, event_id, "incident-rated", (_one("centre", event.centre),), facts)


def _progressed(event: grid.IncidentProgressed, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"progressed_at": moment(event.progressed_at), "handle_by": moment(event.handle_by)}
    facts["stage"] = str(event.stage)
    return _occasion(event, event_id, "incident-progressed", (_one("centre", event.centre),), facts)


def _supervised(event: grid.IncidentSupervised, event_id: str) -> Occasion:
    """Whoever holds it, and the county's grid centre where another ordered it."""
    facts: dict[str, Fact] = {"ordered_at": moment(event.ordered_at), **_order(event)}
    centre = (_one("centre", event.centre),) if event.centre != event.supervisor else ()
    return _occasion(event, event_id, "incident-supervised", (_one("department", event.department), *centre), facts)


def _supervision_missed(event: grid.IncidentSupervisionMissed, event_id: str) -> Occasion:
    told = (_one("supervisor", event.supervisor), _one("department", event.department))
    return _occasion(event, event_id, "incident-supervision-missed", told, _order(event))


def _order(event: grid.IncidentSupervised | grid.IncidentSupervisionMissed) -> dict[str, Fact]:
    return {"supervisor": event.supervisor, "answer_by": moment(event.answer_by)}


OCCASIONS: Mapping[type[Message], Callable[[Any, str], Occasion]] = {
    grid.IncidentChecked: _checked,
    grid.IncidentDeclined: _declined,
    grid.IncidentSentOutside: _sent_outside,
    grid.IncidentOutsideAnswered: _outside_answered,
    grid.IncidentReferred: _referred,
    grid.IncidentTimeAsked: _time_asked,
    grid.IncidentTimeRefused: _time_refused,
    grid.IncidentDecisionAwaited: _decision_awaited,
    grid.IncidentHeld: _held,
    grid.IncidentResumed: _resumed,
    grid.IncidentDeadlineMoved: _deadline_moved,
    grid.IncidentMerged: _merged,
    grid.IncidentSplit: _split,
    grid.IncidentRejoined: _rejoined,
    grid.IncidentVoided: _voided,
    grid.IncidentRated: _rated,
    grid.IncidentProgressed: _progressed,
    grid.IncidentSupervised: _supervised,
    grid.IncidentSupervisionMissed: _supervision_missed,
}
"""What each event that is taken means."""


def _reporter(event: Any) -> Addressee:
    return Addressee("reporter", *reporter(event))


def _one(role: str, department: str) -> Addressee:
    return Addressee(role, Party("department", department))


def _reporter_and_department(event: Any) -> tuple[Addressee, ...]:
    """The department only where there is one."""
    department = (_one("department", event.department),) if event.department else ()
    return _reporter(event), *department


def _occasion(
    event: Any, event_id: str, wording: str, told: tuple[Addressee, ...], facts: Mapping[str, Fact]
) -> Occasion:
    """An occasion; where the event names a department, that is a fact as well."""
    known: dict[str, Fact] = {"department": event.department} if hasattr(event, "department") else {}
    return Occasion(
        caused_by=UUID(event_id),
        wording=wording,
        case_number=event.case_number,
        region=event.region,
        addressees=told,
        facts={**codes_of(event), **known, **facts},
    )
