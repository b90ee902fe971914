"""What somebody may do about a row, and the draws that decide what the rows do not say."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Action(StrEnum):
    """What somebody does."""

    FILE = "file"
    REPORT = "report by the hotline"
    CONFIRM = "check on site"
    DENY = "check on site, not as reported"
    FILE_CHECKED = "file what was checked"
    DECLINE = "decline"
    OBJECT = "object to the decision"
    DISPATCH = "dispatch"
    RETURN = "return"
    DECIDE = "decide as coordinator"
    ACCEPT = "accept"
    PROGRESS = "report a stage done"
    ASK_HOLD = "ask for a hold"
    ASK_EXTENSION = "ask for an extension"
    GRANT = "grant"
    GRANT_ONE = "grant one unit"
    REFUSE = "refuse"
    RESUME = "resume"
    END_HOLD = "end a hold"
    SEND_OUTSIDE = "send to an outside body"
    OUTSIDE_DONE = "outside body has done it"
    OUTSIDE_FAILED = "outside body has not"
    HANDLE = "report handled"
    REWORK = "order rework"
    PASS = "verify"
    CLOSE = "close"
    REOPEN = "reopen"
    MERGE = "merge"
    DISMISS = "close as duplicate"


@dataclass(frozen=True, slots=True)
class Step:
    """One action on a row's incident; `until` is the review of a hold, or when an outside body's answer is due."""

    at: datetime
    action: Action
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Draws:
    """The draws of one row: the same for the same seed, row and question."""

    seed: int
    key: str

    def share(self, what: str) -> float:
        """A number from 0 to below 1."""
        digest = hashlib.sha256(f"{self.seed}/{self.key}/{what}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48

    def wait(self, what: str, least: timedelta, span: timedelta) -> timedelta:
        """From `least` on, less than `span` more, in whole seconds."""
        return least + timedelta(seconds=int(self.share(what) * span.total_seconds()))

    def again(self) -> Draws:
        """The draws of the same row once it was reopened."""
        return Draws(self.seed, f"{self.key}/again")
