"""Occasions, notices and fakes that the tests of notification share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from services.kernel import casenumber
from services.kernel.clock import shanghai_day
from services.kernel.errors import conflict, not_found
from services.kernel.ids import uuid7
from services.kernel.paging import Page, PageRequest
from services.kernel.parties import Party
from services.notification.domain import wordings
from services.notification.domain.mails import Mail
from services.notification.domain.notices import Addressee, EmailState, Notice, Occasion, Reporter, notices_of
from services.notification.domain.receipts import Receipt
from tests.unit.fakes import NOW, WANG

TEMPLATES = Path(wordings.__file__).parents[1] / "templates"
WORDINGS = wordings.read(TEMPLATES)
PERSON = Party("person", WANG)
CLIENT = Party("client", "rizhao-ssp")
DEPARTMENT = Party("department", "371102-CGJ")
ENTERPRISE = Party("enterprise", "91350100M000100Y43")
CASE = str(casenumber.make("371102", shanghai_day(NOW), 2, 427))
FACTS: dict[str, wordings.Fact] = {
    "standard": "GB/T 47678.5-2026",
    "kind": "event",
    "code": "06010",
    "filed_at": NOW,
    "dispatched_at": NOW,
    "handle_by": NOW + timedelta(hours=4),
    "closed_at": NOW,
    "outcome": "HANDLED",
    "asked": "ONCE",
    "taken_from": "",
    "urgency": "NORMAL",
    "department": DEPARTMENT.id,
}


def occasion(wording: str = "incident-filed", **changes: Any) -> Occasion:
    known: dict[str, Any] = {
        "caused_by": uuid7(),
        "wording": wording,
        "case_number": CASE,
        "region": "371102001001",
        "addressees": (Addressee("reporter", PERSON, "SSP-1"), Addressee("department", DEPARTMENT)),
        "facts": FACTS,
    }
    return Occasion(**{**known, **changes})


def notices(at: datetime = NOW, **changes: Any) -> tuple[Notice, ...]:
    said = occasion(**changes)
    return notices_of(said, WORDINGS[said.wording], at)


class FakeNotices:
    """Notices in memory; the suite in tests/integration/notification holds it to what the database does."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Notice] = {}

    def add(self, notice: Notice) -> bool:
        def once(each: Notice) -> tuple[UUID, Party, str]:
            return each.caused_by, each.recipient, each.template

        if once(notice) in map(once, self.rows.values()):
            return False
        self.rows[notice.id] = notice
        return True

    def load(self, notice_id: UUID, inboxes: Sequence[Party]) -> Notice:
        found = self.rows.get(notice_id)
        if found is None or found.recipient not in inboxes:
            raise not_found("NOTICE_NOT_FOUND")
        return found

    def save(self, notice: Notice) -> None:
        known = self.rows[notice.id]
        if known.version != notice.version - 1:
            raise conflict("STALE_VERSION")
        self.rows[notice.id] = replace(notice, email_state=known.email_state, receipts=known.receipts)

    def keep_receipt(self, notice_id: UUID, receipt: Receipt, state: EmailState) -> None:
        known = self.rows[notice_id]
        kept = {receipt.attempt: receipt, **{each.attempt: each for each in known.receipts}}
        receipts = tuple(kept[attempt] for attempt in sorted(kept))
        self.rows[notice_id] = replace(known, email_state=state, receipts=receipts)

    def inbox(self, owner: Party, page: PageRequest, *, case_number: str = "", unread: bool = False) -> Page[Notice]:
        def key(row: Notice) -> tuple[datetime, UUID]:
            return row.created_at, row.id

        found = [
            row
            for row in sorted(self.rows.values(), key=key, reverse=True)
            if row.recipient == owner
            and case_number in ("", row.case_number)
            and not (unread and row.read_at)
            and (page.after is None or key(row) < page.after)
        ]
        return page.cut(found[: page.fetch], key)


class FakeReporters:
    """Who reported, in memory; held to what the database does by the same suite."""

    def __init__(self) -> None:
        self.rows: dict[str, Reporter] = {}

    def remember(self, case_number: str, reporter: Reporter) -> None:
        self.rows.setdefault(case_number, reporter)

    def find(self, case_number: str) -> Reporter | None:
        return self.rows.get(case_number)


class FakeMailer:
    """Takes mails, or raises what it was told to raise."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        if self.problem:
            raise self.problem
        self.sent.append(mail)
