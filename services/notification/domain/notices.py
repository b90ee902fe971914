"""Notices (通知): who is told what about a case, and whose inbox is whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.kernel import casenumber, texts
from services.kernel.errors import denied
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.kernel.ports import Caller
from services.notification.domain.receipts import Receipt
from services.notification.domain.wordings import Fact, Text, Wording

texts.register(
    {
        "NOTICE_NOT_FOUND": ("您的收件箱中没有此通知。", "There is no such notice in the caller's inbox."),
        "NO_DEPARTMENT": ("当前调用方不属于任何部门。", "The caller belongs to no department."),
        "REPORTER_NOT_YET": ("上报信息尚未到达。", "The report that the case began with is not here yet."),
    }
)

NO_CASE = "—"
"""Stands in a text for the number of a case that there is not."""


class EmailState(StrEnum):
    """How far the e-mail of a notice got."""

    NONE = "NONE"
    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"


class Addressee(NamedTuple):
    """Somebody to be told. `role` chooses the text; `reference` is the reporting system's own, for the reporter."""

    role: str
    party: Party
    reference: str = ""


class Reporter(NamedTuple):
    """Who reported what a case is about, and under which reference of the reporting system's own."""

    party: Party
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that happened and that people are told of.

    `caused_by` is the id of its event, `wording` the name of its template; `facts` fill it: codes, numbers and moments,
    nothing of a person. `case_number` is empty when it belongs to no case. With `tell_reporter`, whoever reported what
    the case is about is told too; a case that nobody reported has no such person.
    """

    caused_by: UUID
    wording: str
    case_number: str
    region: str
    addressees: tuple[Addressee, ...]
    facts: Mapping[str, Fact]
    tell_reporter: bool = False

    @property
    def of_a_report(self) -> bool:
        """Its case began with a report, so that somebody reported it."""
        return bool(self.case_number) and casenumber.opened_by(self.case_number, "grid")

    def also_to(self, reporter: Reporter) -> Occasion:
        """The same, with the reporter among those who are told."""
        return replace(self, addressees=(Addressee("reporter", *reporter), *self.addressees))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice to one recipient, in every language; its texts are kept as they were worded then.

    `template` is name and version of the wording. A notice is told apart by (caused_by, recipient, template).
    `receipts` say what became of each attempt to send it by e-mail, oldest first.
    """

    id: UUID
    version: int
    case_number: str
    region: str
    recipient: Party
    template: str
    texts: tuple[Text, ...]
    reference: str
    caused_by: UUID
    created_at: datetime
    read_at: datetime | None = None
    email_state: EmailState = EmailState.PENDING
    receipts: tuple[Receipt, ...] = ()

    def mark_read(self, now: datetime) -> Notice:
        """Read at this moment; one that was read before stays as it is."""
        return self if self.read_at else replace(self, version=self.version + 1, read_at=now)


def notices_of(occasion: Occasion, wording: Wording, now: datetime) -> tuple[Notice, ...]:
    """The notices that an occasion makes: one to each party, in the first of its roles."""
    told: dict[Party, Addressee] = {}
    for addressee in occasion.addressees:
        told.setdefault(addressee.party, addressee)
    facts = {**occasion.facts, "case_number": occasion.case_number or NO_CASE}
    return tuple(
        Notice(
            id=uuid7(),
            version=1,
            case_number=occasion.case_number,
            region=occasion.region,
            recipient=recipient,
            template=wording.id,
            texts=wording.render(role, facts),
            reference=reference,
            caused_by=occasion.caused_by,
            created_at=now,
        )
        for role, recipient, reference in told.values()
    )


def inbox_of(caller: Caller, *, department: bool) -> Party:
    """Whose inbox the caller asks for: the own one, or the department's. Raises Refusal NO_DEPARTMENT."""
    if not department:
        return Party(*caller.party)
    if not caller.department:
        raise denied("NO_DEPARTMENT")
    return Party("department", caller.department)


def inboxes_of(caller: Caller) -> tuple[Party, ...]:
    """Every inbox that the caller may mark notices in."""
    own = inbox_of(caller, department=False)
    return (own, inbox_of(caller, department=True)) if caller.department else (own,)
