"""E-mails of notices: what goes into one, and when another try is worth it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from services.kernel.parties import Party
from services.notification.domain.notices import EmailState
from services.notification.domain.receipts import AttemptResult
from services.notification.domain.wordings import Text

LONGEST_WAIT_S = 3600.0
SEPARATOR = "\n\n" + "-" * 20 + "\n\n"


class _NotSent(Exception):
    """`reply_code` is the mail server's (RFC 5321), 0 when it gave none. There is no text: answers quote addresses."""

    def __init__(self, reply_code: int = 0) -> None:
        super().__init__()
        self.reply_code = reply_code


class MailRefused(_NotSent):
    """The mail server will never take this mail."""


class MailDelayed(_NotSent):
    """The mail could not be sent now; a later try may do it."""


class Attempt(NamedTuple):
    """What became of an attempt to send a letter; `language` is that of its subject, empty when nothing was sent."""

    result: AttemptResult
    reply_code: int = 0
    language: str = ""

    @property
    def state(self) -> EmailState:
        """How far the e-mail got with it."""
        return _STATES[self.result]


_STATES = {
    AttemptResult.TAKEN: EmailState.SENT,
    AttemptResult.DELAYED: EmailState.PENDING,
    AttemptResult.REFUSED: EmailState.FAILED,
    AttemptResult.GIVEN_UP: EmailState.FAILED,
    AttemptResult.NO_ADDRESS: EmailState.NONE,
}
ACCEPTED = 250
"""The reply of a mail server that took a mail."""


class Letter(NamedTuple):
    """What a mail job carries: the notice's texts and its recipient by reference, never an address."""

    notice_id: UUID
    case_number: str
    recipient: Party
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """How a party can be reached, as identity knows it at this moment; `email` is empty if it cannot."""

    email: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail, ready to be sent. Its id is the notice's, so that a mail sent twice is recognised as one."""

    notice_id: UUID
    case_number: str
    to: str = field(repr=False)
    language: str
    subject: str
    body: str


def compose(letter: Letter, contact: Contact) -> Mail:
    """The mail of a letter: every language, the preferred one first, which also gives the subject line."""
    preferred_first = sorted(letter.texts, key=lambda text: text.language != contact.language)
    first, *others = preferred_first
    return Mail(
        notice_id=letter.notice_id,
        case_number=letter.case_number,
        to=contact.email,
        language=first.language,
        subject=first.subject,
        body=SEPARATOR.join([first.body, *(f"{text.subject}\n\n{text.body}" for text in others)]) + "\n",
    )


def wait_before_retry(attempt: int, first_s: float) -> float:
    """Seconds to wait after this try (from 1): twice as long each time, an hour at most."""
    return min(first_s * 2.0 ** (attempt - 1), LONGEST_WAIT_S)
