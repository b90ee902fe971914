"""What became of events at this service's consumers, in the order in which it became known: for the case trace.

Transactions commit in another order than they begin. So rows are read by the transaction that wrote them last, and
only those below the oldest that is still at work: below it nothing can appear any more. A reader without a cursor, or
with one of a database that was set back since, first gets all that the inbox and the kept events hold, then what
changed since that began. Effects come more than once where that cannot be avoided; the later one holds.

How a database that was set back is noticed: PostgreSQL numbers its histories (`timeline`), which tells of a recovery
and of a database made anew. A copy of its files put back keeps that number; then the row that the cursor stands on is
gone, or has another writer though its outcome was final.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from services.chassis.eventdays import KEPT_DAYS
from services.kernel.errors import Violation, invalid
from services.kernel.paging import plain, read_token, token_of

FINAL = frozenset({"taken", "refused", "discarded"})
DEFAULT_SIZE = 500

_HISTORY = (
    "(SELECT system_identifier FROM pg_control_system()) || '.' || (SELECT timeline_id FROM pg_control_checkpoint())"
    " || '.' || (SELECT oid FROM pg_database WHERE datname = current_database())"
)
# The row that a cursor stands on is in the inbox, in the kept events, or in both.
PLACE = sa.text(
    f"SELECT {_HISTORY} AS history, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest, greatest("
    " (SELECT max(changed) FROM chassis.inbox WHERE consumer = :consumer AND event_id = :event_id),"
    " (SELECT max(changed) FROM chassis.parked_event WHERE consumer = :consumer AND event_id = :event_id)"
    ")::text::bigint AS changed"
)
# While an event is kept, how it stands there is its outcome.
_INBOX = (
    "SELECT i.changed, i.consumer, i.event_id, i.event_type, i.case_number, coalesce(k.state, i.outcome) AS outcome,"
    " CASE WHEN k.state IS NULL THEN i.reason ELSE k.reason END AS reason,"
    " coalesce(k.attempts, i.attempts) AS attempts, i.decided_at, k.due_at FROM chassis.inbox i"
    " LEFT JOIN chassis.parked_event k ON k.consumer = i.consumer AND k.event_id = i.event_id"
)
_KEPT = (
    "SELECT changed, consumer, event_id, event_type, case_number, state AS outcome, reason, attempts,"
    " parked_at AS decided_at, due_at FROM chassis.parked_event"
)
_PAGE = (
    "SELECT changed::text::bigint AS changed, consumer, event_id, event_type, case_number, outcome, reason, attempts,"
    " decided_at, due_at FROM ((%s) UNION ALL (%s)) AS found ORDER BY %s LIMIT :limit"
)
_BY_KEY = "{0}consumer, {0}event_id"
_BY_CHANGE = "{0}changed, {0}consumer, {0}event_id"
_AFTER_KEY = " WHERE ({0}consumer, {0}event_id) > (:consumer, :event_id) ORDER BY {0}consumer, {0}event_id LIMIT :limit"
_AFTER_CHANGE = (
    " WHERE ({0}changed, {0}consumer, {0}event_id) > (CAST(:changed AS text)::xid8, :consumer, :event_id)"
    " AND {0}changed < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY {0}changed, {0}consumer, {0}event_id LIMIT :limit"
)
LISTED = sa.text(_PAGE % (_INBOX + _AFTER_KEY.format("i."), _KEPT + _AFTER_KEY.format(""), _BY_KEY.format("found.")))
CHANGED = sa.text(
    _PAGE % (_INBOX + _AFTER_CHANGE.format("i."), _KEPT + _AFTER_CHANGE.format(""), _BY_CHANGE.format("found."))
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader is. `listing`: it goes through all there is, and `changed` is where the changes go on then.

    Otherwise the last row that it got: who wrote it, which it is, and whether its outcome was final.
    """

    history: str
    listing: bool
    changed: int
    consumer: str = ""
    event_id: str = ""
    final: bool = False

    def token(self) -> str:
        """As readers keep it."""
        return token_of(
            [self.history, int(self.listing), self.changed, self.consumer, self.event_id, int(self.final)]
        )  # fmt: skip


class Effects(NamedTuple):
    """A page. `from_beginning`: with it begins a list of all that the service knows since `kept_since`."""

    rows: Sequence[Any]
    next: str
    more: bool
    from_beginning: bool
    kept_since: datetime


def effects_after(connection: sa.Connection, token: str, size: int, now: datetime) -> Effects:
    """The effects behind a cursor. Raises Refusal (INVALID) for a token that is no cursor."""
    cursor = _read(token) if token else None
    place = connection.execute(
        PLACE, {"consumer": cursor.consumer if cursor else "", "event_id": cursor.event_id if cursor else ""}
    ).one()
    begins = cursor is None or _set_back(cursor, place)
    if cursor is None or begins:
        cursor = Cursor(place.history, listing=True, changed=place.oldest)
    size = size or DEFAULT_SIZE
    after = {"consumer": cursor.consumer, "event_id": cursor.event_id, "limit": size}
    if cursor.listing:
        rows = connection.execute(LISTED, after).all()
    else:
        rows = connection.execute(CHANGED, after | {"changed": str(cursor.changed)}).all()
    full = len(rows) == size
    oldest_day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=KEPT_DAYS)
    return Effects(rows, _behind(cursor, rows, full).token(), full or cursor.listing, begins, oldest_day)


def _behind(cursor: Cursor, rows: Sequence[Any], full: bool) -> Cursor:
    if cursor.listing and not full:
        # What its first page did not see may have changed since: the changes begin where it began.
        return Cursor(cursor.history, listing=False, changed=cursor.changed)
    if not rows:
        return cursor
    last = rows[-1]
    changed = cursor.changed if cursor.listing else last.changed
    final = last.outcome in FINAL
    return replace(cursor, changed=changed, consumer=last.consumer, event_id=last.event_id, final=final)


def _set_back(cursor: Cursor, place: Any) -> bool:
    """The database is not, or not any more, the one that gave the cursor."""
    if cursor.history != place.history or cursor.changed > place.oldest:
        return True
    if cursor.listing or not cursor.consumer:
        return False
    gone = place.changed is None or place.changed < cursor.changed
    return gone or (cursor.final and place.changed != cursor.changed)


def _read(token: str) -> Cursor:
    try:
        parts = read_token(token, plain, int, int, plain, plain, int)
    except ValueError:
        raise invalid(Violation("after", "PAGE_TOKEN_INVALID")) from None
    history, listing, changed, consumer, event_id, final = parts
    return Cursor(str(history), bool(listing), int(str(changed)), str(consumer), str(event_id), bool(final))
