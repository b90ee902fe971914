"""Acting on a parked event: what a form asks for, and asking the service that holds the event, through the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from observability.casetrace.console.front import Visit
from observability.casetrace.console.outside import Answer
from observability.casetrace.console.words import TABLE, Words
from services.kernel import texts
from services.kernel.errors import Refusal

SCOPE = "operations.act"
ACTS = ("retry", "discard")
LONGEST_REASON = 200
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


@dataclass(frozen=True, slots=True)
class Act:
    """What a form asks for. `key`: made with the form, so that one that is sent twice acts once."""

    what: str
    service: str
    consumer: str
    event_id: str
    reason: str
    confirmed: str
    key: str

    def wrong(self, words: Words) -> dict[str, Markup]:
        """What has to be put right in the form, by field."""
        found = {}
        if not 0 < len(self.reason) <= LONGEST_REASON:
            found["reason"] = words("act.wrong.reason", limit=LONGEST_REASON)
        if self.what == "discard" and self.confirmed not in confirmations():
            found["confirmed"] = words("act.wrong.confirmed", word=words("act.confirm.word"))
        return found


@dataclass(frozen=True, slots=True)
class Tried:
    """A form that was not carried out: what stands in it, and why it was not. `reason`: of a service's refusal."""

    act: Act
    wrong: Mapping[str, Markup] = field(default_factory=dict)
    refused: str = ""
    reason: str = ""

    @property
    def key(self) -> str:
        """The key that the form keeps, since it may have acted without an answer; empty where it needs another."""
        return "" if self.reason == "KEY_REUSED" else self.act.key


def read_act(form: MultiDict[str, str]) -> Act | None:
    """What a form asks for; None where it is none of the two forms."""
    what, key = form.get("act", ""), form.get("key", "")
    if what not in ACTS or not _is_uuid(key):
        return None
    names = ("service", "consumer", "event", "reason", "confirmed")
    service, consumer, event_id, reason, confirmed = (form.get(name, "").strip() for name in names)
    return Act(what, service, consumer, event_id, reason, confirmed, key)


def confirmations() -> frozenset[str]:
    """The words that confirm giving up: that of either language will do."""
    return frozenset(TABLE["act.confirm.word"])


def carry_out(visit: Visit, act: Act) -> Tried | None:
    """Ask the service, with the operator's own token. None when it is done."""
    path = f"/v1/operations/{quote(act.service, safe='')}/parked/{quote(act.event_id, safe='')}:{act.what}"
    body = {"consumer": act.consumer, "reason": act.reason}
    try:
        token = visit.console.sessions.token(visit.signed.session)
        answer = visit.console.member.call("POST", path, token, visit.language, body, key=act.key)
    except Refusal as refusal:
        return _refused(act, refusal.reason, visit.words, texts.text(refusal.reason, visit.language, refusal.params))
    if answer.status == 200:
        return None
    return _refused(act, reason_of(answer), visit.words, str(answer.body.get("message", "")))


def reason_of(answer: Answer) -> str:
    """The machine-readable reason of a refusal; UNAVAILABLE where there is none."""
    details = answer.body.get("details", ())
    found = (str(each.get("reason", "")) for each in details if each.get("@type") == ERROR_INFO)
    return next(found, "") or "UNAVAILABLE"


def _refused(act: Act, reason: str, words: Words, said: str) -> Tried:
    """In the console's own words, else in those that are said for the reason everywhere, else as it was said."""
    if f"act.refused.{reason}" in TABLE:
        return Tried(act, refused=words(f"act.refused.{reason}"), reason=reason)
    known = texts.text(reason, words.language) if reason in texts.names() and not texts.params_of(reason) else said
    return Tried(act, refused=known, reason=reason)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
