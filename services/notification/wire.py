"""Between the contract and the domain: events to occasions, notices to messages, letters to job payloads and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from egov.common.v1 import paging_pb2, parties_pb2
from egov.grid.v1 import events_pb2 as grid_events
from egov.grid.v1 import incidents_pb2
from egov.identity.v1 import organisations_pb2
from egov.notification.v1 import events_pb2, notices_pb2, notification_service_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.kernel.paging import Page, PageRequest, instant, page_request
from services.kernel.parties import Party
from services.notification.domain.mails import Contact, Letter
from services.notification.domain.notices import EmailState, Notice, Occasion
from services.notification.domain.wordings import Fact, Text

PARTY_KINDS = {
    "person": parties_pb2.PARTY_KIND_PERSON,
    "department": parties_pb2.PARTY_KIND_DEPARTMENT,
    "client": parties_pb2.PARTY_KIND_CLIENT,
}
_PARTY_KINDS_IN = {number: kind for kind, number in PARTY_KINDS.items()}
_EMAIL_STATES = {
    EmailState.NONE: notices_pb2.EMAIL_STATE_NONE,
    EmailState.PENDING: notices_pb2.EMAIL_STATE_PENDING,
    EmailState.SENT: notices_pb2.EMAIL_STATE_SENT,
    EmailState.FAILED: notices_pb2.EMAIL_STATE_FAILED,
}
_KIND_CODES = {incidents_pb2.INCIDENT_KIND_COMPONENT: "component", incidents_pb2.INCIDENT_KIND_EVENT: "event"}


def incident_filed(event: grid_events.IncidentFiled, event_id: str) -> Occasion:
    """An incident was filed: its grid centre, which holds it now, is the department concerned."""
    return _occasion(
        event, event_id, "incident-filed", event.holder.partition("/")[2], {"filed_at": _moment(event.filed_at)}
    )


def incident_dispatched(event: grid_events.IncidentDispatched, event_id: str) -> Occasion:
    """An incident was dispatched: the department in charge is the one concerned."""
    moments: dict[str, Fact] = {"dispatched_at": _moment(event.dispatched_at), "handle_by": _moment(event.handle_by)}
    return _occasion(event, event_id, "incident-dispatched", event.department, moments)


def incident_closed(event: grid_events.IncidentClosed, event_id: str) -> Occasion:
    """An incident was closed: the department that held it is the one concerned."""
    outcome = incidents_pb2.ClosingOutcome.Name(event.outcome).removeprefix("CLOSING_OUTCOME_")
    facts: dict[str, Fact] = {"closed_at": _moment(event.closed_at), "outcome": outcome}
    return _occasion(event, event_id, "incident-closed", event.department, facts)


def notice_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of notices; sorted by (created_at, id)."""
    return page_request(message.page_size, message.page_token, instant, UUID)


def notice_message(notice: Notice) -> notices_pb2.Notice:
    """A notice, for an answer."""
    return notices_pb2.Notice(
        notice_id=str(notice.id),
        case_number=notice.case_number,
        recipient=party_message(notice.recipient),
        template=notice.template,
        texts=[notices_pb2.NoticeText(language=t.language, subject=t.subject, body=t.body) for t in notice.texts],
        reference=notice.reference,
        created_at=_stamp(notice.created_at),
        read_at=_stamp(notice.read_at) if notice.read_at else None,
        email_state=_EMAIL_STATES[notice.email_state],
    )


def notices_message(page: Page[Notice]) -> notification_service_pb2.ListNoticesResponse:
    """A page of notices."""
    return notification_service_pb2.ListNoticesResponse(
        notices=[notice_message(notice) for notice in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def notice_created(notice: Notice) -> events_pb2.NoticeCreated:
    """The fact that a notice was made."""
    return events_pb2.NoticeCreated(
        notice_id=str(notice.id),
        version=notice.version,
        case_number=notice.case_number,
        caused_by=str(notice.caused_by),
        recipient=party_message(notice.recipient),
        template=notice.template,
        created_at=_stamp(notice.created_at),
    )


def party_message(party: Party) -> parties_pb2.Party:
    """A party by reference."""
    return parties_pb2.Party(kind=PARTY_KINDS[party.kind], id=party.id)


def contact(message: organisations_pb2.Contact) -> Contact:
    """How a party can be reached, as identity answers."""
    return Contact(message.email, message.language)


def letter_payload(notice: Notice) -> dict[str, Any]:
    """What the mail job of a notice carries: references and the notice's own texts, no address."""
    return {
        "notice_id": str(notice.id),
        "case_number": notice.case_number,
        "recipient": list(notice.recipient),
        "texts": [list(text) for text in notice.texts],
    }


def letter(payload: Mapping[str, Any]) -> Letter:
    """The letter that `letter_payload` put into a job."""
    return Letter(
        notice_id=UUID(payload["notice_id"]),
        case_number=payload["case_number"],
        recipient=Party(*payload["recipient"]),
        texts=tuple(Text(*text) for text in payload["texts"]),
    )


def _occasion(
    event: grid_events.IncidentFiled | grid_events.IncidentDispatched | grid_events.IncidentClosed,
    event_id: str,
    wording: str,
    department: str,
    facts: Mapping[str, Fact],
) -> Occasion:
    codes = {"standard": event.type.standard, "kind": _KIND_CODES[event.type.kind], "code": event.type.code}
    return Occasion(
        caused_by=UUID(event_id),
        wording=wording,
        case_number=event.case_number,
        region=event.region,
        reporter=Party(_PARTY_KINDS_IN[event.reporter.kind], event.reporter.id),
        department=department,
        reference=event.reference,
        facts={**codes, **facts},
    )


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def _stamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
