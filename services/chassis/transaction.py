"""The unit of work: state, events, outcome, audit, jobs and dues of one change in one transaction.

A transaction begins at the first use of its connection. For a changing RPC the first statement claims the idempotency
key; an outcome that is already kept under it ends the worker with `Replayed`, and the stored answer is given again.
Nothing is published, sent or called from inside: the relay, the job runner and the timer act after the commit.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Self, cast

import sqlalchemy as sa
from google.protobuf.message import Message
from sqlalchemy.exc import DBAPIError

from services.chassis import telemetry
from services.chassis.audit import audit_row
from services.chassis.call import Call
from services.chassis.contract import ContractError
from services.chassis.database import limit_to
from services.chassis.envelope import seal
from services.chassis.faultpoints import faultpoint
from services.chassis.idempotency import Idempotency, claim, idempotency_of
from services.chassis.restored import demand_current
from services.chassis.runtime import Runtime
from services.chassis.tables import DUE_COLUMNS, EVENT_COLUMNS, JOB_COLUMNS, columns, flush_statement
from services.kernel import casenumber, regions
from services.kernel.clock import shanghai_day
from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from services.kernel.ports import Caller

MAX_EVENT_BYTES = 256 * 1024


class Transaction:
    """One unit of work; what `self.uow` is inside a worker. Implements `services.kernel.ports.UnitOfWork`.

    The chassis uses it as a context manager, which closes it.
    """

    def __init__(self, runtime: Runtime, call: Call) -> None:
        self._runtime = runtime
        self._call = call
        self._now = runtime.clock.now()
        self._connection: sa.Connection | None = None
        self._idempotency: Idempotency | None = None
        self._events: list[tuple[Any, ...]] = []
        self._jobs: list[tuple[Any, ...]] = []
        self._dues: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._target: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def caller(self) -> Caller:
        """Who caused the change."""
        return self._call.caller

    def now(self) -> datetime:
        """The moment of the change, UTC; the same throughout."""
        return self._now

    @property
    def begun(self) -> bool:
        """A connection is in use."""
        return self._connection is not None

    @property
    def connection(self) -> sa.Connection:
        """The connection of this unit of work, begun at first use; for a read, one that commits each statement."""
        if self._connection is None:
            self._begin()
        return cast(sa.Connection, self._connection)

    def record(self, event: Message) -> None:
        """Append a fact to the log of record and to the outbox, after the aggregate's own row was saved.

        Raises Refusal EVENT_TOO_LARGE (internal) above 256 KiB, ValueError when aggregate id or version is missing.
        """
        self._demand_change("record")
        call, id = self._call, uuid7()
        kind, party = call.caller.party
        envelope = seal(
            event,
            id=str(id),
            source=f"/egov/{self._runtime.service}",
            time=self._now,
            case_number=call.case_number,
            actor=f"{kind}/{party}" if party else None,
        )
        body = event.SerializeToString()
        if len(body) > MAX_EVENT_BYTES:
            raise Refusal("EVENT_TOO_LARGE", Kind.INTERNAL, params={"type": envelope.type, "limit": MAX_EVENT_BYTES})
        if envelope.case_number and not call.case_number:
            self.belongs_to(envelope.case_number)
        self._target = self._target or envelope.key
        row = (id, self._now, envelope.type, envelope.key, envelope.version, envelope.case_number)
        self._events.append((*row, json.dumps(envelope.headers()), telemetry.current_traceparent(), body))

    def enqueue(self, job_name: str, payload: dict[str, Any], key: str) -> None:
        """Leave durable work for after the commit. The same name and key again is the same job."""
        self._demand_change("enqueue")
        trace = telemetry.current_traceparent()
        self._jobs.append((uuid7(), job_name, key, json.dumps(payload), self._call.case_number, trace))

    def set_due(self, name: str, key: str, at: datetime) -> None:
        """Have the `@due` method of this name called for this key at a moment; at no other that was set before."""
        self._demand_change("set what is due")
        self._due(name, key, at)

    def cancel_due(self, name: str, key: str) -> None:
        """Nothing is due by this name for this key any more. No error when nothing was."""
        self._demand_change("cancel what is due")
        self._due(name, key, None)

    def _due(self, name: str, key: str, at: datetime | None) -> None:
        self._dues[name, key] = (name, key, at, self._call.case_number, telemetry.current_traceparent())

    def open_case(self, region: str) -> str:
        """Take the next case number of the region's county and make it the case of this call."""
        serial = self.connection.exec_driver_sql("SELECT nextval('chassis.case_serial')").scalar_one()
        digit = casenumber.DIGIT[self._runtime.service]
        number = str(casenumber.make(regions.county_of(region), shanghai_day(self._now), digit, serial))
        self.belongs_to(number)
        return number

    def belongs_to(self, case_number: str) -> None:
        """The work serves this case: its spans, logs, events and audit row say so from now on."""
        self._call.case_number = case_number
        telemetry.set_case(case_number)

    def part(self, call: Call) -> Transaction:
        """A unit of work for one of several pieces of work that become true together, at the commit of this one.

        It is never committed or closed by itself.
        """
        part = Transaction(self._runtime, call)
        part._connection = self.connection
        part._events, part._jobs, part._dues = self._events, self._jobs, self._dues
        call.transaction_open = True
        return part

    def _demand_change(self, what: str) -> None:
        """A read has no commit with which an event or a job could become true."""
        if self._call.reading:
            raise ContractError(f"{self._call.name} has no side effects by its contract, and cannot {what}")

    def _begin(self) -> None:
        if not self._call.reading:
            demand_current(self._runtime)
        self._connection = self._connect()
        try:
            self._claim(self._connection)
        except DBAPIError as error:
            # Nothing has happened yet: a connection that died while it lay idle is exchanged once.
            if not error.connection_invalidated:
                raise
            self._connection.close()
            self._connection = self._connect()
            self._claim(self._connection)
        self._call.transaction_open = not self._call.reading

    def _connect(self) -> sa.Connection:
        return (self._runtime.looking if self._call.reading else self._runtime.engine).connect()

    def _claim(self, connection: sa.Connection) -> None:
        idempotency = idempotency_of(self._call, shanghai_day(self._now))
        if idempotency is None:
            # Every statement has the role's own limit; a read ends with its caller's patience, if that is shorter.
            if self._call.reading:
                limit_to(connection, self._call.remaining())
            return
        timeout = max(1, int(min(self._call.remaining(), 5.0) * 1000))
        claim(connection, idempotency, timeout)
        self._idempotency = idempotency

    def flush(self) -> None:
        """Write events, outcome, audit row, jobs and dues, in one statement."""
        parts: list[str] = []
        parameters: dict[str, Any] = {}
        if self._events:
            parts.append("events")
            parameters |= columns(self._events, EVENT_COLUMNS)
        if self._idempotency is not None:
            parts.append("outcome")
            parameters |= self._outcome(self._idempotency)
        if self._call.method is not None:
            parts.append("audit")
            row = audit_row(self._call, self._now, "OK", target=self._target)
            parameters |= {f"audit_{name}": value for name, value in row.items()}
        if self._jobs:
            parts.append("jobs")
            parameters |= columns(self._jobs, JOB_COLUMNS)
        if self._dues:
            parts.append("dues")
            parameters |= columns(list(self._dues.values()), DUE_COLUMNS)
        if parts:
            self.connection.exec_driver_sql(flush_statement(tuple(parts)), parameters)

    def _outcome(self, kept: Idempotency) -> dict[str, Any]:
        return {
            "day": kept.day,
            "client": kept.client,
            "subject": kept.subject,
            "method": kept.method,
            "key": kept.key,
            "body_hash": kept.body_hash,
            "response": self._call.response or b"",
            "case_number": self._call.case_number,
        }

    def commit(self) -> None:
        """Make everything true at once, then wake those who act on it. Nothing happens when nothing was begun."""
        if not self.begun and (self._events or self._jobs or self._dues):
            self._begin()
        if self._connection is None or self._call.reading:
            return
        self.flush()
        faultpoint("uow.before_commit")
        self._connection.commit()
        faultpoint("uow.after_commit")
        self._call.transaction_open = False
        self._call.audited = self._call.method is not None
        if self._events:
            self._runtime.relay_wake.set()
        if self._jobs:
            self._runtime.jobs_wake.set()
        if self._dues:
            self._runtime.dues_wake.set()

    def close(self) -> None:
        """Give the connection back; whatever was not committed is undone."""
        connection, self._connection = self._connection, None
        self._call.transaction_open = False
        if connection is not None:
            connection.close()
