"""The events that the lines about events move: closed incidents of the grid, as grid's own code would publish them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from egov.grid.v1 import events_pb2

from services.chassis.envelope import Envelope, seal
from services.chassis.moments import stamp
from services.chassis.tables import EVENT_COLUMNS, columns, flush_statement
from services.kernel import casenumber
from services.kernel.clock import shanghai_day
from services.kernel.ids import uuid7
from tests.bench.measure import TRACED

RECORDED_ONE_IN = round(1 / TRACED)
REGION, DEPARTMENT = "371102003002", "371102-urban-management"
ROWS_AT_ONCE = 2000

Event = tuple[Envelope, bytes]


def incident_closed(serial: int) -> events_pb2.IncidentClosed:
    """The fact that an incident was closed; each with an id of its own. `serial` is that of its case number."""
    now = datetime.now(UTC)
    return events_pb2.IncidentClosed(
        incident_id=str(uuid7()),
        version=5,
        case_number=str(casenumber.make("371102", shanghai_day(now), casenumber.DIGIT["grid"], serial)),
        region=REGION,
        reference=f"R-{serial:08}",
        department=DEPARTMENT,
        closed_at=stamp(now),
    )


def sealed(count: int) -> list[Event]:
    """So many closed incidents: envelope and body of each."""
    return [_seal(incident_closed(serial)) for serial in range(1, count + 1)]


def headers_of(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The Kafka headers, as the relay makes them."""
    return [(name, text.encode()) for name, text in envelope.headers().items()] + [
        ("traceparent", _traceparent(envelope).encode())
    ]


def queue(connection: psycopg.Connection[Any], events: Sequence[Event]) -> None:
    """Write events into log and outbox, in one transaction; there as soon as this is back."""
    now = datetime.now(UTC)
    with connection.transaction():
        for begin in range(0, len(events), ROWS_AT_ONCE):
            rows = [_row(event, now) for event in events[begin : begin + ROWS_AT_ONCE]]
            connection.execute(flush_statement(("events",)).encode(), columns(rows, EVENT_COLUMNS))


def _seal(event: events_pb2.IncidentClosed) -> Event:
    id, now = str(uuid7()), datetime.now(UTC)
    return seal(event, id=id, source="/egov/grid", time=now, case_number=None, actor=None), event.SerializeToString()


def _row(event: Event, logged_at: datetime) -> tuple[Any, ...]:
    envelope, body = event
    headers = json.dumps(envelope.headers())
    facts = (envelope.id, logged_at, envelope.type, envelope.key, envelope.version, envelope.case_number)
    return (*facts, headers, _traceparent(envelope), body)


def _traceparent(envelope: Envelope) -> str:
    """Of the call behind the event: a trace of its own, the usual share of them recorded."""
    trace = uuid.UUID(envelope.id).int
    return f"00-{trace:032x}-{trace & (1 << 64) - 1:016x}-{trace % RECORDED_ONE_IN == 0:02x}"
