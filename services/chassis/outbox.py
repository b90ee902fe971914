"""The outbox as the relay reads it: what waits, the earliest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

# Asked first: to plan the look at the head takes longer than this, and mostly there is nothing to see.
WAITING = sa.text("SELECT EXISTS (SELECT FROM chassis.outbox WHERE position >= :floor)")
# Each OFFSET keeps the planner from another way, which reads the log for every event that waits, at each look: it takes
# the two columns of the key for independent and expects one row in all, and when the outbox fills while Kafka is away,
# it goes on for a minute to believe that it is as good as empty.
HEAD = sa.text(
    "SELECT o.position, e.event_id, e.type, e.aggregate_id, e.headers, e.traceparent, e.body, e.case_number,"
    " e.logged_at FROM (SELECT * FROM chassis.outbox WHERE position >= :floor ORDER BY position OFFSET 0) o"
    " CROSS JOIN LATERAL ("
    " SELECT * FROM chassis.event_log WHERE event_id = o.event_id AND logged_at = o.logged_at OFFSET 0) e"
    " WHERE e.aggregate_id <> ALL(:busy) ORDER BY o.position LIMIT :most"
)
# The lease row is locked against a new owner until the delete is through.
DELETE = sa.text(
    "WITH held AS (SELECT 1 FROM chassis.lease WHERE name = 'relay' AND epoch = :epoch FOR SHARE)"
    " DELETE FROM chassis.outbox WHERE position = ANY(:positions) AND EXISTS (SELECT 1 FROM held)"
)


class Queued(NamedTuple):
    """One event at the head of the outbox."""

    position: int
    event_id: Any
    type: str
    key: str
    headers: dict[str, str]
    traceparent: str | None
    body: bytes
    case_number: str | None
    logged_at: Any


def head(connection: sa.Connection, floor: int, most: int, *, busy: Sequence[str]) -> list[Queued]:
    """The earliest events from position `floor` on, of other keys than these."""
    if not connection.execute(WAITING, {"floor": floor}).scalar():
        return []
    return [Queued(*row) for row in connection.execute(HEAD, {"floor": floor, "most": most, "busy": busy})]


def first_of_each_key(rows: Sequence[Queued]) -> list[Queued]:
    """The earliest event of each key: the next of a key goes out when the one before was acknowledged."""
    first: dict[str, Queued] = {}
    for row in rows:
        first.setdefault(row.key, row)
    return list(first.values())
