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
    "IncidentDeclined": "declined_at",
}  # fmt: skip
_WITH_DEPARTMENT = frozenset({"IncidentDispatched", "IncidentAccepted", "IncidentReworkOrdered"})


@dataclass
class _Incident:
    centre: str
    department: str = ""
    handle_by: datetime | None = None
    late: dict[str, bool] = field(default_factory=dict)
    duplicate: bool = False
    closed: bool = False


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
    for one in incidents.values():
        _count(book, one, end)
    return book


def _take(book: Book, one: _Incident, name: str, body: dict[str, Any]) -> None:
    at, handle_by = _moment(body[_TIMES[name]]), None
    measured_by = _moment(body["handle_by"]) if name == "IncidentHandled" else one.handle_by
    if name in ("IncidentReturned", "IncidentReferred", "IncidentHandled"):
        missed = measured_by is not None and at > measured_by
        one.late[one.department] = one.late.get(one.department, False) or missed
    if name in _WITH_DEPARTMENT:
        one.department, handle_by = body["department"], _moment(body["handle_by"])
    if name in ("IncidentReturned", "IncidentReferred"):
        book.add(body["department"], "returned")
        one.department = ""
    if name == "IncidentReworkOrdered":
        book.add(body["department"], "reworked")
    one.handle_by = handle_by
    one.closed = name in ("IncidentClosed", "IncidentDeclined")
    one.duplicate |= name == "IncidentMerged" or body.get("outcome") == "CLOSING_OUTCOME_DUPLICATE"
    book.note(body["reference"], Told(name, at, measured_by if name == "IncidentHandled" else handle_by))


def _count(book: Book, one: _Incident, end: datetime) -> None:
    at = one.centre if one.duplicate else one.department or one.centre
    book.add(at, "filed")
    if one.closed:
        book.add(at, "closed")
    if one.duplicate:
        book.add(at, "duplicates")
    elif one.department:
        late = one.late.get(one.department, False) or (one.handle_by is not None and one.handle_by < end)
        book.add(at, "late" if late else "running" if one.handle_by else "in time")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
