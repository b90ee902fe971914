"""What can be done with notices: tell people, mark as read, send by e-mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from services.kernel.parties import Party
from services.kernel.ports import UnitOfWork
from services.notification import wire
from services.notification.domain.mails import Contact, Letter, Mail, MailDelayed, MailRefused, compose
from services.notification.domain.notices import EmailState, Notice, Occasion, inboxes_of, notices_of
from services.notification.domain.wordings import Wording

SEND_MAIL = "send_mail"
"""Name of the job that sends a letter."""


class Notices(Protocol):
    """What the use cases need of the store."""

    def add(self, notice: Notice) -> bool:
        """Keep a new notice; False when this recipient was told of the same event by the same template before."""

    def load(self, notice_id: UUID, inboxes: Sequence[Party]) -> Notice:
        """Read one and lock it until the end; Refusal NOTICE_NOT_FOUND, also when it lies in no such inbox."""

    def save(self, notice: Notice) -> None:
        """Keep a changed notice."""


class Mailer(Protocol):
    """What sends mails."""

    def send(self, mail: Mail) -> None:
        """Hand a mail to the mail server. Raises MailRefused or MailDelayed."""


def tell(uow: UnitOfWork, notices: Notices, occasion: Occasion, wordings: Mapping[str, Wording]) -> None:
    """Put a notice into every inbox concerned, and leave its e-mail to a job."""
    for notice in notices_of(occasion, wordings[occasion.wording], uow.now()):
        if notices.add(notice):
            uow.record(wire.notice_created(notice))
            uow.enqueue(SEND_MAIL, wire.letter_payload(notice), key=str(notice.id))


def mark_read(uow: UnitOfWork, notices: Notices, notice_id: UUID) -> Notice:
    """Mark one of the caller's notices as read; the first time counts."""
    before = notices.load(notice_id, inboxes_of(uow.caller))
    notice = before.mark_read(uow.now())
    if notice is not before:
        notices.save(notice)
    return notice


def send_mail(
    letter: Letter, contact_of: Callable[[Party], Contact | None], mailer: Mailer, *, last_try: bool
) -> EmailState:
    """Ask where the recipient can be reached now, and send. Needs no unit of work, and must run outside any.

    The answer is final, unless it is PENDING: then a later try may do it. `contact_of` may raise MailDelayed too.
    """
    try:
        contact = contact_of(letter.recipient)
        if contact is None or not contact.email:
            return EmailState.NONE
        mailer.send(compose(letter, contact))
    except MailRefused:
        return EmailState.FAILED
    except MailDelayed:
        return EmailState.FAILED if last_try else EmailState.PENDING
    return EmailState.SENT
