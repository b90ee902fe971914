"""The event of a step: the table says which, here is how each is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from egov.grid.v1 import time_requests_pb2
from google.protobuf.message import Message

from services.grid.domain.incidents import Incident
from services.grid.domain.transitions import Fact
from services.grid.wire import endings, events, holding, intake, outside, progress, supervising

CALENDAR = time_requests_pb2.DEADLINE_CAUSE_CALENDAR
CENTRE_FOUND = time_requests_pb2.DEADLINE_CAUSE_CENTRE_FOUND
EXTENSION = time_requests_pb2.DEADLINE_CAUSE_EXTENSION

MAKERS: Mapping[Fact, Callable[[Incident, Incident, datetime], Message]] = {
    Fact.REPORTED: lambda before, after, at: intake.incident_reported(after, at),
    Fact.CHECKED: lambda before, after, at: intake.incident_checked(after, at),
    Fact.FILED: lambda before, after, at: events.incident_filed(after, at),
    Fact.DECLINED: lambda before, after, at: intake.incident_declined(after),
    Fact.DISPATCHED: lambda before, after, at: events.incident_dispatched(before, after),
    Fact.ACCEPTED: lambda before, after, at: events.incident_accepted(after),
    Fact.RETURNED: lambda before, after, at: events.incident_returned(after, at),
    Fact.REFERRED: lambda before, after, at: endings.incident_referred(after, at),
    Fact.TIME_ASKED: lambda before, after, at: holding.time_asked(after),
    Fact.TIME_REFUSED: holding.time_refused,
    Fact.DECISION_AWAITED: lambda before, after, at: holding.decision_awaited(after, at),
    Fact.HELD: lambda before, after, at: holding.incident_held(after, at),
    Fact.RESUMED: holding.incident_resumed,
    Fact.DEADLINE_MOVED: lambda before, after, at: events.deadline_moved(before, after, EXTENSION, at),
    Fact.PROGRESSED: progress.incident_progressed,
    Fact.SENT_OUTSIDE: lambda before, after, at: outside.incident_sent_outside(after, at),
    Fact.OUTSIDE_ANSWERED: lambda before, after, at: outside.outside_answered(after, at),
    Fact.HANDLED: lambda before, after, at: events.incident_handled(after),
    Fact.VERIFIED: lambda before, after, at: events.incident_verified(after),
    Fact.REWORK_ORDERED: lambda before, after, at: events.rework_ordered(after, at),
    Fact.CLOSED: lambda before, after, at: events.incident_closed(after),
    Fact.MERGED: endings.incident_merged,
    Fact.SPLIT: lambda before, after, at: endings.incident_split(after, at),
    Fact.REJOINED: lambda before, after, at: endings.incident_rejoined(after, at),
    Fact.VOIDED: lambda before, after, at: endings.incident_voided(after),
    Fact.REOPENED: lambda before, after, at: events.incident_reopened(after, at),
    Fact.RATED: lambda before, after, at: endings.incident_rated(after, at),
    Fact.ESCALATED: events.incident_escalated,
    Fact.SUPERVISED: lambda before, after, at: supervising.incident_supervised(after),
    Fact.SUPERVISION_MISSED: lambda before, after, at: supervising.supervision_missed(after, at),
}
"""By event: from how the incident was, how it is, and when that came to be."""


def event_of(before: Incident, after: Incident, at: datetime) -> Message:
    """The event of the step that led from one to the other."""
    assert after.step is not None, "only a step has an event"
    return MAKERS[after.step.emits](before, after, at)
