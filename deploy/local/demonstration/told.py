"""Who is told: notices by the inboxes through the gateway, mails by the notices' own state and the letterbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from deploy.local.client import Answer, TokenSource
from deploy.local.demonstration.cast import Inbox
from deploy.local.demonstration.mails import Letterbox
from deploy.local.demonstration.stage import KAFKA, SMTP, Effect

Notice = dict[str, Any]
Expected = tuple[Inbox, str]
"""An inbox, and the name of the wording that is to come there."""


class Reads(Protocol):
    """What is asked of the gateway here."""

    def get(self, path: str, query: Mapping[str, str] | None = None, *, door: TokenSource | None = None) -> Answer:
        """Read. Raises ApiError, Unreachable."""
        ...


class Told:
    """What is told about one case and one licence, step by step."""

    def __init__(self, gateway: Reads, letterbox: Letterbox | None) -> None:
        """`letterbox`: the holder's; None where its mails cannot be seen."""
        self._gateway, self.letterbox = gateway, letterbox
        self._holder_mails = 0
        self._in_the_case: list[Mailed] = []

    def mails_in_the_case(self) -> int:
        """How many mails have left because of steps of the case."""
        return sum(len(mailed.sent()) for mailed in self._in_the_case)

    def effects(self, about: str, case_number: str, *expected: Expected, holder: int = 0) -> tuple[Effect, Effect]:
        """The notices that a step causes, and their mails; `holder`: how many mails the licence's holder gets.

        `about` stands in the subject of each notice. An empty case number finds notices that belong to none.
        """
        if self.letterbox:
            self._holder_mails += holder
        wanted = Wanted(self._gateway, about, case_number, expected)
        mails = Mailed(wanted, self.letterbox, holder, self._holder_mails)
        self._in_the_case += [mails] if case_number else []
        return (
            Effect("notification", "NoticeCreated", wanted.seen, wanted.says, KAFKA),
            Effect("notification", "", mails.seen, mails.says, SMTP),
        )


class Wanted:
    """Notices that are to come."""

    def __init__(self, gateway: Reads, about: str, case_number: str, expected: Iterable[Expected]) -> None:
        self._gateway, self._about, self._case_number = gateway, about, case_number
        self.expected = tuple(expected)
        self.found: dict[Expected, Notice] = {}

    def seen(self) -> bool:
        """Whether all have come. Asks only inboxes from which something is still wanted."""
        self.refresh({inbox for inbox, wording in self.expected if (inbox, wording) not in self.found})
        return len(self.found) == len(self.expected)

    def refresh(self, inboxes: Iterable[Inbox]) -> None:
        """Read these inboxes again."""
        for inbox in inboxes:
            for notice in notices(self._gateway, inbox, self._case_number):
                key = inbox, notice["template"].partition("/")[0]
                if key in self.expected and (self._case_number or self._about in notice["texts"][0]["subject"]):
                    self.found[key] = notice

    def says(self) -> str:
        """How many to whom."""
        return f"notices: {_counted(inbox.name for inbox, wording in self.expected if (inbox, wording) in self.found)}"


class Mailed:
    """The mails of notices: the state of each notice says that its mail is out; the holder's are in the letterbox."""

    def __init__(self, wanted: Wanted, letterbox: Letterbox | None, holder: int, holder_total: int) -> None:
        self._wanted, self._letterbox = wanted, letterbox
        self._holder, self._total = holder, holder_total

    def seen(self) -> bool:
        """Whether every mail has left that has an address to go to."""
        self._wanted.refresh({inbox for (inbox, _), notice in self._wanted.found.items() if not _out(notice)})
        out = all(key in self._wanted.found and _out(self._wanted.found[key]) for key in self._wanted.expected)
        return out and (self._letterbox is None or len(self._letterbox.mails()) >= self._total)

    def says(self) -> str:
        """How many to whom."""
        return f"mails: {_counted(self.sent())}"

    def sent(self) -> list[str]:
        """Whom those that have left went to."""
        found = self._wanted.found
        sent = [key[0].name for key in self._wanted.expected if key in found and _sent(found[key])]
        if self._letterbox:
            before = self._total - self._holder
            sent += ["holder"] * (min(len(self._letterbox.mails()), self._total) - before)
        return sent


def notices(gateway: Reads, inbox: Inbox, case_number: str) -> list[Notice]:
    """The notices of an inbox about a case, or its newest where no case is named; newest first."""
    query = {"mailbox": inbox.mailbox, **({"caseNumber": case_number} if case_number else {})}
    found: list[Notice] = gateway.get("/v1/notices", query, door=inbox.door).body["notices"]
    return found


def _out(notice: Notice) -> bool:
    return notice["emailState"] in ("EMAIL_STATE_SENT", "EMAIL_STATE_NONE")


def _sent(notice: Notice) -> bool:
    return bool(notice["emailState"] == "EMAIL_STATE_SENT")


def _counted(names: Iterable[str]) -> str:
    counts = Counter(names)
    return ", ".join(f"{name} {count}" if count > 1 else name for name, count in counts.items()) or "none"
