"""What a database that was set back takes over from the topic; see `reconcile`, the command.

A plan is made from the events that the log lacks, and carried out in one transaction.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.owntopic import Unlogged, mark
from services.kernel import casenumber
from services.kernel.ids import uuid7

# More cases than a service opens in the longest time that its events wait for Kafka.
MARGIN = 100_000

TWINS = sa.text(
    "SELECT e.aggregate_id, e.aggregate_version FROM chassis.event_log e"
    " JOIN unnest(:keys, :versions) AS known (key, version)"
    " ON e.aggregate_id = known.key AND e.aggregate_version = known.version"
).bindparams(sa.bindparam("keys", type_=sa.ARRAY(sa.Text)), sa.bindparam("versions", type_=sa.ARRAY(sa.BigInteger)))
# By convention the row of an aggregate has its id as primary key, and its version in `version`.
AGGREGATES = sa.text(
    "SELECT c.relname AS name, a.attname AS key FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
    " WHERE i.indisprimary AND i.indnkeyatts = 1 AND c.relnamespace = 'public'::regnamespace AND EXISTS ("
    " SELECT 1 FROM pg_attribute v WHERE v.attrelid = c.oid AND v.attname = 'version' AND NOT v.attisdropped)"
    " ORDER BY name"
)
ROWS = (
    "SELECT row.{key}::text AS id, row.version FROM public.{name} AS row"
    " JOIN unnest(:keys) AS known (key) ON row.{key}::text = known.key"
)
MOVE = "UPDATE public.{name} SET version = :version WHERE {key}::text = :id AND version < :version"
SERIAL = sa.text("SELECT last_value FROM chassis.case_serial")
MOVE_SERIAL = sa.text("SELECT setval('chassis.case_serial', :serial)")
# `headers` hold when each happened; it is logged now.
ADOPT = sa.text(
    "INSERT INTO chassis.event_log (event_id, logged_at, type, aggregate_id, aggregate_version, case_number, headers,"
    " body, adopted) VALUES (:id, :now, :type, :key, :version, :case_number, CAST(:headers AS jsonb), :body, true)"
    " ON CONFLICT DO NOTHING"
)
LIFT = sa.text("DELETE FROM chassis.restored")
AUDIT = sa.text(
    "INSERT INTO chassis.audit_log (id, logged_at, workload, method, outcome, note)"
    " VALUES (:id, :now, :workload, 'services.chassis.reconcile', 'OK', :note)"
)


@dataclass(frozen=True)
class Behind:
    """An aggregate of which the topic knows more than its row. `here` is 0 when there is no row."""

    table: str
    key: str
    id: str
    here: int
    published: int
    case_number: str
    types: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What reconciling will do. `twice`: (aggregate, version) that were used here again since the restore."""

    events: tuple[Unlogged, ...]
    ends: Mapping[int, int]
    serial: int
    behind: tuple[Behind, ...]
    gone: tuple[Behind, ...]
    twice: tuple[tuple[str, int], ...]

    def by_type(self) -> dict[str, int]:
        """How many events of each type are adopted."""
        return dict(sorted(Counter(event.envelope.type for event in self.events).items()))


def make_plan(connection: sa.Connection, service: str, found: Iterable[Unlogged], ends: Mapping[int, int]) -> Plan:
    """Look at what is there, and say what to do. Changes nothing."""
    events = tuple({event.id: event for event in found}.values())
    told = _told(events)
    behind = [known for table, key in _tables(connection) for known in _behind(connection, table, key, told)]
    here = {each.id for each in behind}
    return Plan(
        events=events,
        ends=dict(ends),
        serial=max([connection.execute(SERIAL).scalar_one(), *_serials(service, events)]) + MARGIN,
        behind=tuple(each for each in behind if each.here < each.published),
        gone=tuple(_summary("", "", events, 0) for key, events in told.items() if key not in here),
        twice=_twice(connection, events),
    )


def carry_out(connection: sa.Connection, service: str, plan: Plan) -> None:
    """Do it, inside the caller's transaction."""
    now = datetime.now(UTC)
    connection.execute(sa.text("SELECT chassis.maintain_partitions()"))
    if plan.events:
        connection.execute(ADOPT, [_row(event, now) for event in plan.events])
    for each in plan.behind:
        move = sa.text(MOVE.format(name=_quoted(each.table), key=_quoted(each.key)))
        connection.execute(move, {"id": each.id, "version": each.published})
    connection.execute(MOVE_SERIAL, {"serial": plan.serial})
    mark(connection, plan.ends)
    connection.execute(LIFT)
    note = f"{len(plan.events)} events adopted, {len(plan.behind)} aggregates behind, {len(plan.gone)} gone"
    connection.execute(AUDIT, {"id": uuid7(), "now": now, "workload": service, "note": note})


def _told(events: Iterable[Unlogged]) -> dict[str, list[Unlogged]]:
    """What the topic tells of each aggregate; the chassis's facts are of none."""
    told: dict[str, list[Unlogged]] = {}
    for event in events:
        if not event.envelope.type.startswith("egov.chassis."):
            told.setdefault(event.envelope.key, []).append(event)
    return told


def _tables(connection: sa.Connection) -> list[tuple[str, str]]:
    return [(row.name, row.key) for row in connection.execute(AGGREGATES)]


def _behind(connection: sa.Connection, table: str, key: str, told: Mapping[str, list[Unlogged]]) -> list[Behind]:
    """The aggregates of one table that the topic tells of."""
    query = sa.text(ROWS.format(name=_quoted(table), key=_quoted(key)))
    query = query.bindparams(sa.bindparam("keys", type_=sa.ARRAY(sa.Text)))
    rows = connection.execute(query, {"keys": list(told)})
    return [_summary(table, key, told[row.id], row.version) for row in rows]


def _summary(table: str, key: str, events: list[Unlogged], here: int) -> Behind:
    envelopes = [event.envelope for event in events]
    return Behind(
        table=table,
        key=key,
        id=envelopes[0].key,
        here=here,
        published=max(envelope.version for envelope in envelopes),
        case_number=next((envelope.case_number for envelope in envelopes if envelope.case_number), ""),
        types=tuple(envelope.type.rpartition(".")[2] for envelope in envelopes),
    )


def _serials(service: str, events: Iterable[Unlogged]) -> list[int]:
    """The serials of the cases that this service opened, as the events name them."""
    numbers = {event.envelope.case_number for event in events if event.envelope.case_number}
    return [casenumber.parse(number).serial for number in numbers if casenumber.opened_by(number, service)]


def _twice(connection: sa.Connection, events: tuple[Unlogged, ...]) -> tuple[tuple[str, int], ...]:
    keys = [event.envelope.key for event in events]
    versions = [event.envelope.version for event in events]
    rows = connection.execute(TWINS, {"keys": keys, "versions": versions})
    return tuple((row.aggregate_id, row.aggregate_version) for row in rows)


def _row(event: Unlogged, now: datetime) -> dict[str, Any]:
    envelope = event.envelope
    return {
        "id": event.id,
        "now": now,
        "type": envelope.type,
        "key": envelope.key,
        "version": envelope.version,
        "case_number": envelope.case_number,
        "headers": json.dumps(dict(event.headers)),
        "body": event.body,
    }


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
