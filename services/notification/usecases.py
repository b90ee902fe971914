"""What can be done with notices: tell people, mark as read, send by e-mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from services.kernel.errors import NotYet
from services.kernel.parties import Party
from services.kernel.ports import UnitOfWork
from services.notification.domain.mails import (
    ACCEPTED,
    Attempt,
    Contact,
    Letter,
    Mail,
    MailDelayed,
    MailRefused,
    compose,
)
from services.notification.domain.notices import EmailState, Notice, Occasion, Reporter, inboxes_of, notices_of
from services.notification.domain.receipts import AttemptResult, Receipt
from services.notification.domain.wordings import Wording
from services.notification.wire import notices as wire

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

    def keep_receipt(self, notice_id: UUID, receipt: Receipt, state: EmailState) -> None:
        """Keep what became of an attempt, and how far the e-mail got with it."""


class Reporters(Protocol):
    """What the use cases need of the store of who reported, by case."""

    def remember(self, case_number: str, reporter: Reporter) -> None:
        """Keep who reported; the first who is named stays."""

    def find(self, case_number: str) -> Reporter | None:
        """Who reported; None when that is not known."""


class Mailer(Protocol):
    """What sends mails."""

    def send(self, mail: Mail) -> None:
        """Hand a mail to the mail server. Raises MailRefused or MailDelayed."""


def tell(
    uow: UnitOfWork, notices: Notices, reporters: Reporters, occasion: Occasion, wordings: Mapping[str, Wording]
) -> None:
    """Put a notice into every inbox concerned, and leave its e-mail to a job.

    Raises NotYet REPORTER_NOT_YET when the reporter is to be told and the report's own event has not come yet.
    """
    if occasion.tell_reporter and occasion.of_a_report:
        reporter = reporters.find(occasion.case_number)
        if reporter is None:
            raise NotYet("REPORTER_NOT_YET")
        occasion = occasion.also_to(reporter)
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
) -> Attempt:
    """Ask where the recipient can be reached now, and send. Needs no unit of work, and must run outside any.

    What becomes of it is final, unless it is DELAYED: then a later try may do it. `contact_of` may raise MailDelayed
    too.
    """
    language = ""
    try:
        contact = contact_of(letter.recipient)
        if contact is None or not contact.email:
            return Attempt(AttemptResult.NO_ADDRESS)
        mail = compose(letter, contact)
        language = mail.language
        mailer.send(mail)
    except MailRefused as refused:
        return Attempt(AttemptResult.REFUSED, refused.reply_code, language)
    except MailDelayed as delayed:
        result = AttemptResult.GIVEN_UP if last_try else AttemptResult.DELAYED
        return Attempt(result, delayed.reply_code, language)
    return Attempt(AttemptResult.TAKEN, ACCEPTED, language)


def keep_attempt(uow: UnitOfWork, notices: Notices, notice_id: UUID, number: int, attempt: Attempt) -> None:
    """Keep the receipt of an attempt, counted from 1."""
    receipt = Receipt(number, attempt.result, uow.now(), attempt.reply_code, attempt.language)
    notices.keep_receipt(notice_id, receipt, attempt.state)
