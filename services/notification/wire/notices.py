"""Notices to messages and events, letters to job payloads and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from egov.common.v1 import paging_pb2
from egov.identity.v1 import organisations_pb2
from egov.notification.v1 import events_pb2, notices_pb2, notification_service_pb2

from services.chassis.moments import stamp
from services.chassis.parties import party_message
from services.kernel.paging import Page, PageRequest, instant, page_request
from services.kernel.parties import Party
from services.notification.domain.mails import Contact, Letter
from services.notification.domain.notices import Notice
from services.notification.domain.receipts import Receipt
from services.notification.domain.wordings import Text
from services.notification.wire.codes import EMAIL_STATES, RESULTS


def notice_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of notices; sorted by (created_at, id)."""
    return page_request(message.page_size, message.page_token, instant, UUID)


def notice_message(notice: Notice, language: str) -> notices_pb2.Notice:
    """A notice, for an answer to a reader of this language."""
    texts = sorted(notice.texts, key=lambda text: text.language != language)
    return notices_pb2.Notice(
        notice_id=str(notice.id),
        case_number=notice.case_number,
        recipient=party_message(notice.recipient),
        template=notice.template,
        texts=[notices_pb2.NoticeText(language=t.language, subject=t.subject, body=t.body) for t in texts],
        reference=notice.reference,
        created_at=stamp(notice.created_at),
        read_at=stamp(notice.read_at) if notice.read_at else None,
        email_state=EMAIL_STATES[notice.email_state],
        receipts=[_receipt_message(receipt) for receipt in notice.receipts],
    )


def notices_message(page: Page[Notice], language: str) -> notification_service_pb2.ListNoticesResponse:
    """A page of notices."""
    return notification_service_pb2.ListNoticesResponse(
        notices=[notice_message(notice, language) for notice in page.rows],
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
        created_at=stamp(notice.created_at),
    )


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


def _receipt_message(receipt: Receipt) -> notices_pb2.Receipt:
    return notices_pb2.Receipt(
        channel=notices_pb2.CHANNEL_EMAIL,
        attempt=receipt.attempt,
        result=RESULTS[receipt.result],
        reply_code=receipt.reply_code,
        language=receipt.language,
        at=stamp(receipt.at),
    )
