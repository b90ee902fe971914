"""The figures once more, from the log of record alone: one line of JSON for each event, as `run` wrote it down."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.replay.recount_books import Book, Told

_TIMES = {
    "IncidentFiled": "filed_at", "IncidentDispatched": "dispatched_at", "IncidentAccepted": "accepted_at",
    "IncidentReturned": "returned_at", "IncidentReferred": "returned_at", "IncidentHandled": "handled_at",
    "IncidentReworkOrdered": "ordered_at", "IncidentVerified": "verified_at", "IncidentClosed": "closed_at",
    "IncidentMerged": "merged_at", "IncidentReported": "reported_at", "IncidentChecked": "checked_at",
    "IncidentDeclined": "declined_at", "IncidentProgressed": "progressed_at", "IncidentTimeAsked": "asked_at",
    "IncidentTimeRefused": "refused_at", "IncidentHeld": "held_at", "IncidentResumed": "resumed_at",
    "IncidentDeadlineMoved": "moved_at", "IncidentSentOutside": "sent_at", "IncidentOutsideAnswered": "answered_at",
    "IncidentDecisionAwaited": "told_at", "IncidentReopened": "reopened_at", "IncidentRejoined": "rejoined_at",
}  # fmt: skip
_UNTIL = {"IncidentHeld": "review_at", "IncidentSentOutside": "answer_by", "IncidentDeadlineMoved": "due_at"}
"""Which field says until when, where that is not `handle_by`."""
_AT_WORK = frozenset(
    {"IncidentDispatched", "IncidentAccepted", "IncidentReworkOrdered", "IncidentProgressed", "IncidentTimeAsked",
     "IncidentTimeRefused", "IncidentResumed", "IncidentDeadlineMoved", "IncidentOutsideAnswered",
     "IncidentDecisionAwaited"}
)  # fmt: skip
"""After these the department's clock runs."""
_STANDS_STILL = frozenset({"IncidentHeld", "IncidentSentOutside"})
_GIVES_UP = frozenset({"IncidentReturned", "IncidentReferred", "IncidentHandled"})
_COUNTED = {
    "IncidentReturned": "returned", "IncidentReferred": "returned", "IncidentReworkOrdered": "reworked",
    "IncidentHeld": "held", "IncidentDeadlineMoved": "extended", "IncidentSentOutside": "outside",
}  # fmt: skip


@dataclass
class _Incident:
    centre: str
    department: str = ""
    handle_by: datetime | None = None
    still: bool = False
    late: dict[str, bool] = field(default_factory=dict)
    duplicate: bool = False
    closed: bool = False

    def miss(self, at: datetime, by: datetime | None) -> None:
        """The department's time ends, or stands still: whether it was late then."""
        missed = by is not None and at > by
        self.late[self.department] = self.late.get(self.department, False) or missed


def book_of(lines: Iterable[str], end: datetime) -> Book:
    """What the log says. Events come in the order in which they were logged."""
    book = Book()
    incidents: dict[str, _Incident] = {}
    for line in lines:
        event = json.loads(line)
        name, body = event["type"].rpartition(".")[2], event["body"]
        if name == "IncidentEscalated":
            book.told[body["department"], body["level"].removeprefix("ESCALATION_LEVEL_")] += 1
        elif name in _TIMES:
            one = incidents.setdefault(body["incident_id"], _Incident(body.get("holder", "").partition("/")[2]))
            _take(book, one, name, body)
            book.note(body["reference"], _told(name, body, _why(name, body) or event.get("why", "")))
    for one in incidents.values():
        _count(book, one, end)
    return book


def _take(book: Book, one: _Incident, name: str, body: dict[str, Any]) -> None:
    at = _moment(body[_TIMES[name]])
    if name in _COUNTED:
        book.add(body["department"], _COUNTED[name])
    if name == "IncidentReopened":
        book.add(one.department, "reopened")
    if name in _GIVES_UP or name in _STANDS_STILL:
        one.miss(at, _until(body, "handle_by") if name == "IncidentHandled" else one.handle_by)
    if name == "IncidentProgressed":
        one.miss(at, _until(body, "stage_due_at"))
    if name in _AT_WORK:
        one.department = body["department"]
    if name in ("IncidentReturned", "IncidentReferred", "IncidentReopened"):
        one.department = ""
    one.still = name in _STANDS_STILL
    one.handle_by = _until(body, _UNTIL.get(name, "handle_by")) if name in _AT_WORK else None
    one.closed = name in ("IncidentClosed", "IncidentDeclined")
    one.duplicate |= name == "IncidentMerged" or body.get("outcome") == "CLOSING_OUTCOME_DUPLICATE"


def _told(name: str, body: dict[str, Any], why: str) -> Told:
    said = name in _AT_WORK or name in _STANDS_STILL or name == "IncidentHandled"
    until = _until(body, _UNTIL.get(name, "handle_by")) if said else None
    return Told(name, _moment(body[_TIMES[name]]), until, body["department"] if said else "", why)


def _why(name: str, body: dict[str, Any]) -> str:
    """What ended a hold, what an outside body answered, how many days nothing was decided; nothing for other events."""
    if name == "IncidentResumed":
        return "CENTRE" if body.get("by_centre") else "REVIEW" if body.get("review_due") else ""
    if name == "IncidentDecisionAwaited":
        return str(body.get("limits_passed", 0))
    return str(body.get("answer", "")).removeprefix("OUTSIDE_ANSWER_")


def _count(book: Book, one: _Incident, end: datetime) -> None:
    at = one.centre if one.duplicate else one.department or one.centre
    book.add(at, "filed")
    if one.closed:
        book.add(at, "closed")
    if one.duplicate:
        book.add(at, "duplicates")
    elif one.department:
        late = one.late.get(one.department, False) or (one.handle_by is not None and one.handle_by < end)
        book.add(at, "late" if late else "running" if one.handle_by or one.still else "in time")


def _until(body: dict[str, Any], field: str) -> datetime | None:
    return _moment(body[field]) if field in body else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
