"""What becomes of a row: who does what when. README.md says the rules in words, `recount` has them a second time.

When a report was made and when it was done with stands in the row. What does not is drawn from a hash of seed and row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from deploy.local.replaying.rows import Row
from tests.replay.hindrance import stuck, work
from tests.replay.rows import block_key
from tests.replay.steps import DAY, HOUR, MINUTE, Action, Draws, Step

MAIN_WITHIN = 30 * DAY
RETURNED, RETURNED_TWICE, REWORKED, REOPENED = 0.06, 0.3, 0.1, 0.05
SLOW_DISPATCH, SLOW_ACCEPT, SLOW_VERIFY, SLOW_CHECK = 0.03, 0.05, 0.03, 0.1
BY_HOTLINE, DECLINED, OBJECTED, DECLINED_AGAIN = 0.5, 0.2, 0.4, 0.5


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
    given = [*way_in, *_dispatched(way_in[-1].at, draws)]
    accept = _accepted(given[-1].at, draws)
    done = done_at(row, draws)
    if done is None:
        return [*given, accept, *stuck(accept.at, draws)]
    ended = _handled(accept.at, max(done, accept.at + HOUR), draws)
    return [*given, accept, *ended, *_reopened(ended[-1].at, draws)]


def _way_in(filed: Step, draws: Draws) -> list[Step]:
    """What came by the hotline is checked on site, then filed or declined; the rest is filed at once."""
    if draws.share("hotline") >= BY_HOTLINE:
        return [filed]
    slow = draws.share("slow-check") < SLOW_CHECK
    checked = filed.at + draws.wait("check", 26 * HOUR if slow else 20 * MINUTE, 6 * HOUR)
    decided = checked + draws.wait("decide", 10 * MINUTE, 2 * HOUR)
    declined = draws.share("declined") < DECLINED
    steps = [Step(filed.at, Action.REPORT), *_checked(checked, decided, declined)]
    return steps if not declined or draws.share("objected") >= OBJECTED else [*steps, *_objected(decided, draws)]


def _objected(declined: datetime, draws: Draws) -> list[Step]:
    """Whoever reported it does not agree: it is checked and decided on once more."""
    at = declined + draws.wait("object", DAY, 3 * DAY)
    checked = at + draws.wait("check-again", 20 * MINUTE, 6 * HOUR)
    decided = checked + draws.wait("decide-again", 10 * MINUTE, 2 * HOUR)
    return [Step(at, Action.OBJECT), *_checked(checked, decided, draws.share("declined-again") < DECLINED_AGAIN)]


def _checked(checked: datetime, decided: datetime, declined: bool) -> list[Step]:
    look, end = (Action.DENY, Action.DECLINE) if declined else (Action.CONFIRM, Action.FILE_CHECKED)
    return [Step(checked, look), Step(decided, end)]


def _dispatched(filed: datetime, draws: Draws) -> list[Step]:
    """From the report to the department that takes it; the seat has nothing to do where a rule sent it."""
    at = _seat_at(filed, draws)
    steps = [Step(at, Action.DISPATCH)]
    if draws.share("returned") >= RETURNED:
        return steps
    steps += [Step(at + HOUR, Action.RETURN), Step(at + 2 * HOUR, Action.DISPATCH)]
    if draws.share("returned-twice") < RETURNED_TWICE:
        steps += [Step(at + 4 * HOUR, Action.RETURN), Step(at + 7 * HOUR, Action.DECIDE)]
    return steps


def _seat_at(filed: datetime, draws: Draws) -> datetime:
    slow = draws.share("slow-dispatch") < SLOW_DISPATCH
    return filed + draws.wait("dispatch", 26 * HOUR if slow else 5 * MINUTE, 85 * MINUTE)


def _accepted(given: datetime, draws: Draws) -> Step:
    slow = draws.share("slow-accept") < SLOW_ACCEPT
    return Step(given + draws.wait("accept", 25 * HOUR if slow else 10 * MINUTE, 3 * HOUR), Action.ACCEPT)


def _handled(accepted: datetime, done: datetime, draws: Draws) -> list[Step]:
    """From the acceptance to the close. A rework order comes before what the source says is the end."""
    if draws.share("rework") >= REWORKED:
        return [*work(accepted, done, draws), *_ended(done, draws)]
    first = accepted + (done - accepted) / 2
    again = [Step(first, Action.HANDLE), Step(first + (done - first) / 2, Action.REWORK)]
    return [*work(accepted, first, draws), *again, *_ended(done, draws)]


def _ended(done: datetime, draws: Draws) -> list[Step]:
    slow = draws.share("slow-verify") < SLOW_VERIFY
    verified = done + draws.wait("verify", 30 * HOUR if slow else 30 * MINUTE, 8 * HOUR)
    closed = verified + draws.wait("close", 10 * MINUTE, 4 * HOUR)
    return [Step(done, Action.HANDLE), Step(verified, Action.PASS), Step(closed, Action.CLOSE)]


def _reopened(closed: datetime, draws: Draws) -> list[Step]:
    """Whoever reported some of it is not content; it goes the plain way once more."""
    if draws.share("reopened") >= REOPENED:
        return []
    again = draws.again()
    at = closed + again.wait("reopen", DAY, 4 * DAY)
    seat = Step(_seat_at(at, again), Action.DISPATCH)
    accept = _accepted(seat.at, again)
    return [Step(at, Action.REOPEN), seat, accept, *_ended(accept.at + again.wait("work", 2 * HOUR, 48 * HOUR), again)]
