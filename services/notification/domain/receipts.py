"""Receipts (回执): what became of each attempt to send a notice by e-mail. They hold no address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AttemptResult(StrEnum):
    """What became of one attempt."""

    TAKEN = "TAKEN"
    DELAYED = "DELAYED"
    REFUSED = "REFUSED"
    GIVEN_UP = "GIVEN_UP"
    NO_ADDRESS = "NO_ADDRESS"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One attempt, counted from 1.

    `reply_code` is the mail server's (RFC 5321), 0 when it gave none; `language` that of the subject, empty when there
    was nothing to send.
    """

    attempt: int
    result: AttemptResult
    at: datetime
    reply_code: int = 0
    language: str = ""
