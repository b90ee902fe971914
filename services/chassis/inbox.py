"""What a consumer's database knows of events: position, inbox, held keys, parked events. Statements only.

The position is advanced by compare-and-set in the transaction of the effect, so a zombie or a rebalance can neither
skip nor double. The inbox catches what the relay sent twice. A held key makes later events of the key wait in order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.envelope import text_of

ADMIT = (
    "WITH moved AS ("
    " UPDATE chassis.consumer_position SET next_offset = %(next)s, updated_at = clock_timestamp()"
    " WHERE consumer = %(consumer)s AND topic = %(topic)s AND partition = %(partition)s AND next_offset = %(expected)s"
    " RETURNING 1), held AS ("
    " SELECT 1 FROM chassis.held_key WHERE consumer = %(consumer)s AND key = %(key)s FOR UPDATE), fresh AS ("
    " INSERT INTO chassis.inbox (day, consumer, event_id, event_type, case_number, outcome, reason)"
    " SELECT %(day)s, %(consumer)s, %(event_id)s, %(type)s, %(case_number)s, %(outcome)s, %(reason)s"
    " WHERE %(listed)s AND EXISTS (SELECT 1 FROM moved) ON CONFLICT DO NOTHING RETURNING 1)"
    " SELECT EXISTS (SELECT 1 FROM moved) AS moved, EXISTS (SELECT 1 FROM held) AS held,"
    " EXISTS (SELECT 1 FROM fresh) AS fresh"
)
# The position is locked first: whoever waits for it, as a zombie does, finds out that it has moved.
KNOWN = (
    "WITH place AS ("
    " SELECT next_offset FROM chassis.consumer_position"
    " WHERE consumer = %(consumer)s AND topic = %(topic)s AND partition = %(partition)s FOR UPDATE), held AS ("
    " SELECT key FROM chassis.held_key WHERE consumer = %(consumer)s AND key = ANY("
    "ARRAY(SELECT json_array_elements_text(%(keys)s))) FOR UPDATE)"
    " SELECT (SELECT next_offset FROM place) AS next_offset, ARRAY(SELECT key FROM held) AS held, ARRAY("
    " SELECT i.event_id FROM json_to_recordset(%(events)s) AS n (day date, event_id text)"
    " JOIN chassis.inbox i ON i.day = n.day AND i.consumer = %(consumer)s AND i.event_id = n.event_id) AS known"
)
ADMIT_ALL = (
    "WITH listed AS ("
    " INSERT INTO chassis.inbox (day, consumer, event_id, event_type, case_number, outcome)"
    " SELECT day, %(consumer)s, event_id, type, case_number, 'taken' FROM json_to_recordset(%(events)s)"
    " AS n (day date, event_id text, type text, case_number text))"
    " UPDATE chassis.consumer_position SET next_offset = %(next)s, updated_at = clock_timestamp()"
    " WHERE consumer = %(consumer)s AND topic = %(topic)s AND partition = %(partition)s"
)
HOLD = "INSERT INTO chassis.held_key (consumer, key) VALUES (%(consumer)s, %(key)s) ON CONFLICT DO NOTHING"
PARK = (
    "INSERT INTO chassis.parked_event (consumer, key, event_id, event_type, case_number, topic, partition,"
    " record_offset, headers, body, state, reason, attempts, failures, once_parked, due_at)"
    " VALUES (%(consumer)s, %(key)s, %(event_id)s, %(type)s, %(case_number)s, %(topic)s, %(partition)s, %(offset)s,"
    " %(headers)s::jsonb, %(body)s, %(state)s, %(reason)s, %(attempts)s, %(failures)s, %(state)s = 'PARKED',"
    " clock_timestamp() + %(due_in)s * interval '1 s') ON CONFLICT DO NOTHING"
)
SET_OUTCOME = sa.text(
    "UPDATE chassis.inbox SET outcome = :outcome, reason = :reason, attempts = :attempts,"
    " decided_at = clock_timestamp() WHERE consumer = :consumer AND event_id = :event_id AND day = :day"
)
# Of what the inbox does not list, since its day is past: the outcome stands under today's.
LIST_OUTCOME = sa.text(
    "INSERT INTO chassis.inbox (day, consumer, event_id, event_type, case_number, outcome, reason, attempts)"
    " VALUES ((clock_timestamp() AT TIME ZONE 'UTC')::date, :consumer, :event_id, :type, :case_number, :outcome,"
    " :reason, :attempts) ON CONFLICT DO NOTHING"
)
POSITIONS = sa.text("SELECT topic, partition, next_offset FROM chassis.consumer_position WHERE consumer = :consumer")
BEGIN_AT = sa.text(
    "INSERT INTO chassis.consumer_position (consumer, topic, partition, next_offset)"
    " VALUES (:consumer, :topic, :partition, :offset) ON CONFLICT DO NOTHING"
)
SKIP = sa.text(
    "UPDATE chassis.consumer_position SET next_offset = :next, updated_at = clock_timestamp()"
    " WHERE consumer = :consumer AND topic = :topic AND partition = :partition AND next_offset = :expected"
)
COUNT_TRY = sa.text(
    "INSERT INTO chassis.consumer_try AS t (consumer, topic, partition, record_offset, attempts)"
    " VALUES (:consumer, :topic, :partition, :offset, 1) ON CONFLICT (consumer, topic, partition) DO UPDATE SET"
    " attempts = CASE WHEN t.record_offset = excluded.record_offset AND NOT :anew THEN t.attempts + 1 ELSE 1 END,"
    " record_offset = excluded.record_offset RETURNING attempts"
)
# From the held keys, not from the events: thousands may wait behind one that is parked.
DUE_KEYS = sa.text(
    "SELECT held.consumer, held.key FROM chassis.held_key held CROSS JOIN LATERAL ("
    " SELECT state, due_at FROM chassis.parked_event"
    " WHERE consumer = held.consumer AND key = held.key ORDER BY id LIMIT 1) head"
    " WHERE held.consumer = ANY(:consumers) AND head.state <> 'PARKED'"
    " AND coalesce(head.due_at <= clock_timestamp(), true) ORDER BY head.due_at LIMIT 100"
)
LOCK_KEY = sa.text("SELECT 1 FROM chassis.held_key WHERE consumer = :consumer AND key = :key FOR UPDATE")
LOCK_KEY_UNLESS_BUSY = sa.text(LOCK_KEY.text + " SKIP LOCKED")
HEAD_OF_KEY = sa.text(
    "SELECT id, event_id, event_type, case_number, topic, headers, body, state, attempts, in_hand, once_parked,"
    " parked_at, failures, extract(epoch FROM clock_timestamp() - since)::float8 AS waited_s,"
    " coalesce(due_at <= clock_timestamp(), true) AS due"
    " FROM chassis.parked_event WHERE consumer = :consumer AND key = :key ORDER BY id LIMIT 1"
)
# Other replicas leave it alone for as long, if the process that tries it should end.
COUNT_TRY_OF_KEPT = sa.text(
    "UPDATE chassis.parked_event SET attempts = attempts + 1, in_hand = :in_hand,"
    " due_at = clock_timestamp() + :seconds * interval '1 s' WHERE id = :id"
)
SET_STATE = sa.text(
    "UPDATE chassis.parked_event SET state = :state, reason = :reason, once_parked = once_parked OR :state = 'PARKED',"
    " in_hand = 0, failures = :failures, due_at = clock_timestamp() + :due_in * interval '1 s' WHERE id = :id"
)
SEND_BACK = sa.text(
    "UPDATE chassis.parked_event SET state = 'DEFERRED', attempts = 0, in_hand = 0, failures = 0,"
    " since = clock_timestamp(), due_at = clock_timestamp() WHERE id = :id"
)
REMOVE = sa.text("DELETE FROM chassis.parked_event WHERE id = :id")
RELEASE_KEY = sa.text(
    "DELETE FROM chassis.held_key WHERE consumer = :consumer AND key = :key AND NOT EXISTS ("
    " SELECT 1 FROM chassis.parked_event WHERE consumer = :consumer AND key = :key)"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record of a topic, as one consumer sees it. `key` is what is held when it cannot be taken."""

    consumer: str
    topic: str
    partition: int
    offset: int
    expected: int
    key: str
    event_id: str
    event_type: str
    case_number: str | None
    day: date
    headers: Sequence[tuple[str, bytes | None]]
    body: bytes

    def admit(self, connection: sa.Connection, outcome: str, *, reason: str | None = None, listed: bool = True) -> Any:
        """Advance the position and list the event in the inbox. Tells `moved`, `held` and `fresh`."""
        return connection.exec_driver_sql(
            ADMIT, self._facts() | {"outcome": outcome, "reason": reason, "listed": listed}
        ).one()

    def park(
        self,
        connection: sa.Connection,
        state: str,
        reason: str,
        *,
        attempts: int,
        failures: int = 0,
        due_in: float | None,
    ) -> None:
        """Keep the event and hold its key."""
        facts = self._facts()
        connection.exec_driver_sql(HOLD, facts)
        headers = json.dumps({text_of(name.encode()): text_of(value) for name, value in self.headers})
        more = {"headers": headers, "body": self.body, "state": state, "reason": reason}
        tries = {"attempts": attempts, "failures": failures}
        connection.exec_driver_sql(PARK, facts | more | tries | {"due_in": due_in})

    def correct(self, connection: sa.Connection, outcome: str) -> None:
        """Put another outcome in place of the one that was listed on arrival."""
        unchanged = {"consumer": self.consumer, "event_id": self.event_id, "day": self.day}
        connection.execute(SET_OUTCOME, {"outcome": outcome, "reason": None, "attempts": 0, **unchanged})

    def place(self) -> dict[str, Any]:
        """Consumer, topic, partition and offset."""
        return {
            "consumer": self.consumer,
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
        }

    def _facts(self) -> dict[str, Any]:
        return {
            **self.place(),
            "expected": self.expected,
            "next": self.offset + 1,
            "key": self.key,
            "event_id": self.event_id,
            "type": self.event_type,
            "case_number": self.case_number,
            "day": self.day,
        }


def known_of(connection: sa.Connection, arrivals: Sequence[Arrival], *, listed: bool) -> Any:
    """Lock the place of a batch, and look: its `next_offset` (or None), keys that are `held`, event ids `known`.

    Nothing is known to a consumer that does not list what it takes.
    """
    facts = {"keys": json.dumps([each.key for each in arrivals]), "events": _listed(arrivals if listed else ())}
    return connection.exec_driver_sql(KNOWN, arrivals[0].place() | facts).one()


def admit_all(connection: sa.Connection, fresh: Sequence[Arrival], last: Arrival) -> None:
    """List the fresh ones of a batch as taken, and advance the position, which is locked, past its last."""
    connection.exec_driver_sql(ADMIT_ALL, last.place() | {"next": last.offset + 1, "events": _listed(fresh)})


def _listed(arrivals: Sequence[Arrival]) -> str:
    """What the inbox says of them, as one parameter: many values, one by one, cost the driver more than all else."""
    rows = [
        {"day": str(each.day), "event_id": each.event_id, "type": each.event_type, "case_number": each.case_number}
        for each in arrivals
    ]
    return json.dumps(rows)


@dataclass(frozen=True, slots=True)
class Kept:
    """The first event of a held key, as it was kept. `in_hand`: tries that began and did not end.

    `failures`: tries at which its handler failed. `waited_s`: seconds since it was first tried, or retried by a person.
    """

    consumer: str
    key: str
    id: int
    event_id: str
    event_type: str
    case_number: str | None
    topic: str
    headers: dict[str, str]
    body: bytes
    state: str
    attempts: int
    in_hand: int
    once_parked: bool
    parked_at: datetime
    failures: int
    waited_s: float
    due: bool


def head_of_key(connection: sa.Connection, consumer: str, key: str) -> Kept | None:
    """The first event of a held key; call it with the key locked."""
    row = connection.execute(HEAD_OF_KEY, {"consumer": consumer, "key": key}).one_or_none()
    return Kept(consumer, key, *row) if row is not None else None
