"""What becomes of a row: who does what when. README.md says the rules in words, `recount` has them a second time.

When a report was made and when it was done with stands in the row. What does not is drawn from a hash of seed and row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deploy.local.replaying.rows import Row
from tests.replay.rows import block_key

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MAIN_WITHIN = 30 * DAY
RETURNED, RETURNED_TWICE, REWORKED = 0.06, 0.3, 0.1
SLOW_DISPATCH, SLOW_ACCEPT, SLOW_VERIFY, SLOW_CHECK = 0.03, 0.05, 0.03, 0.1
BY_HOTLINE, DECLINED = 0.5, 0.2


class Action(StrEnum):
    """What somebody does."""

    FILE = "file"
    REPORT = "report by the hotline"
    CONFIRM = "check on site"
    DENY = "check on site, not as reported"
    FILE_CHECKED = "file what was checked"
    DECLINE = "decline"
    DISPATCH = "dispatch"
    RETURN = "return"
    DISPATCH_ANEW = "dispatch anew"
    DECIDE = "decide as coordinator"
    ACCEPT = "accept"
    HANDLE = "report handled"
    REWORK = "order rework"
    PASS = "verify"
    CLOSE = "close"
    MERGE = "merge"
    DISMISS = "close as duplicate"


@dataclass(frozen=True, slots=True)
class Step:
    """One action on a row's incident."""

    at: datetime
    action: Action


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


def filed_at(row: Row, draws: Draws) -> datetime:
    """When it was reported: where the source says the day alone, between 7 and 19 o'clock."""
    return row.created if row.source != "chicago" else row.created + draws.wait("filed", 7 * HOUR, 12 * HOUR)


def done_at(row: Row, draws: Draws) -> datetime | None:
    """When the source says that it was done: where it says the day alone, between 8 and 18 o'clock."""
    if row.closed is None or row.source != "chicago":
        return row.closed
    return row.closed + draws.wait("done", 8 * HOUR, 10 * HOUR)


def mains_of(rows: Iterable[Row]) -> Mapping[str, str]:
    """Of each labelled duplicate the row that it is a duplicate of: the last one before its day, on its block and of
    its nature, not done with on its day, at most 30 days old. Those that have none are left out."""
    found: dict[str, str] = {}
    before: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda each: (each.created, each.key)):
        alike = before.setdefault((block_key(row), row.nature), [])
        if not row.duplicate:
            alike.append(row)
            continue
        fit = [each for each in alike if _is_main(each, row)]
        if fit:
            found[row.key] = fit[-1].key
    return found


def _is_main(main: Row, duplicate: Row) -> bool:
    day = duplicate.created.date()
    recent = main.created.date() < day and duplicate.created - main.created <= MAIN_WITHIN
    return recent and (main.closed is None or main.closed.date() > day)


def steps_of(row: Row, seed: int, main: str | None) -> list[Step]:
    """Everything that people do about a row, in order. What its source left open stays with the department."""
    draws = Draws(seed, row.key)
    filed = Step(filed_at(row, draws), Action.FILE)
    if row.duplicate:
        found = filed.at + draws.wait("merge", 10 * MINUTE, HOUR)
        return [filed, Step(found, Action.MERGE if main else Action.DISMISS)]
    way_in = [filed] if row.source == "chicago" else _way_in(filed, draws)
    if way_in[-1].action is Action.DECLINE:
        return way_in
    given = _dispatched(way_in[-1].at, draws)
    slow = draws.share("slow-accept") < SLOW_ACCEPT
    accept = given[-1].at + draws.wait("accept", 25 * HOUR if slow else 10 * MINUTE, 3 * HOUR)
    return [*way_in, *given, Step(accept, Action.ACCEPT), *_handled(accept, done_at(row, draws), draws)]


def _way_in(filed: Step, draws: Draws) -> list[Step]:
    """What came by the hotline is checked on site, then filed or declined; the rest is filed at once."""
    if draws.share("hotline") >= BY_HOTLINE:
        return [filed]
    slow = draws.share("slow-check") < SLOW_CHECK
    checked = filed.at + draws.wait("check", 26 * HOUR if slow else 20 * MINUTE, 6 * HOUR)
    decided = checked + draws.wait("decide", 10 * MINUTE, 2 * HOUR)
    declined = draws.share("declined") < DECLINED
    look, end = (Action.DENY, Action.DECLINE) if declined else (Action.CONFIRM, Action.FILE_CHECKED)
    return [Step(filed.at, Action.REPORT), Step(checked, look), Step(decided, end)]


def _dispatched(filed: datetime, draws: Draws) -> list[Step]:
    """From the report to the department that takes it."""
    slow = draws.share("slow-dispatch") < SLOW_DISPATCH
    at = filed + draws.wait("dispatch", 26 * HOUR if slow else 5 * MINUTE, 85 * MINUTE)
    steps = [Step(at, Action.DISPATCH)]
    if draws.share("returned") >= RETURNED:
        return steps
    steps += [Step(at + HOUR, Action.RETURN), Step(at + 2 * HOUR, Action.DISPATCH_ANEW)]
    if draws.share("returned-twice") < RETURNED_TWICE:
        steps += [Step(at + 4 * HOUR, Action.RETURN), Step(at + 7 * HOUR, Action.DECIDE)]
    return steps


def _handled(accepted: datetime, done: datetime | None, draws: Draws) -> list[Step]:
    """From the acceptance to the close. A rework order comes before what the source says is the end."""
    if done is None:
        return []
    at = max(done, accepted + HOUR)
    steps: list[Step] = []
    if draws.share("rework") < REWORKED:
        first = accepted + (at - accepted) / 2
        steps = [Step(first, Action.HANDLE), Step(first + (at - first) / 2, Action.REWORK)]
    slow = draws.share("slow-verify") < SLOW_VERIFY
    verified = at + draws.wait("verify", 30 * HOUR if slow else 30 * MINUTE, 8 * HOUR)
    closed = verified + draws.wait("close", 10 * MINUTE, 4 * HOUR)
    return [*steps, Step(at, Action.HANDLE), Step(verified, Action.PASS), Step(closed, Action.CLOSE)]
