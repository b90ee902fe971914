"""Notices (通知): who is told what about a case, and whose inbox is whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.kernel import texts
from services.kernel.errors import denied
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.kernel.ports import Caller
from services.notification.domain.wordings import Fact, Text, Wording

texts.register(
    {
        "NOTICE_NOT_FOUND": ("您的收件箱中没有此通知。", "There is no such notice in the caller's inbox."),
        "NO_DEPARTMENT": ("当前调用方不属于任何部门。", "The caller belongs to no department."),
    }
)


class EmailState(StrEnum):
    """How far the e-mail of a notice got."""

    NONE = "NONE"
    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that happened and that people are told of.

    `caused_by` is the id of its event, `wording` the name of its template; `facts` fill it: codes, numbers and moments,
    nothing of a person. `reference` is the reporting system's own, for the reporter alone.
    """

    caused_by: UUID
    wording: str
    case_number: str
    region: str
    reporter: Party
    department: str
    reference: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice to one recipient, in every language; its texts are kept as they were worded then.

    `template` is name and version of the wording. A notice is told apart by (caused_by, recipient, template).
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

    def mark_read(self, now: datetime) -> Notice:
        """Read at this moment; one that was read before stays as it is."""
        return self if self.read_at else replace(self, version=self.version + 1, read_at=now)


def notices_of(occasion: Occasion, wording: Wording, now: datetime) -> tuple[Notice, ...]:
    """The notices that an occasion makes: one to the reporter, one to the department concerned."""
    addressees = (
        ("reporter", occasion.reporter, occasion.reference),
        ("department", Party("department", occasion.department), ""),
    )
    facts = {**occasion.facts, "case_number": occasion.case_number, "department": occasion.department}
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
        for role, recipient, reference in addressees
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
