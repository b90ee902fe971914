"""The audit log: who called what, for whom, about which case, with which outcome.

A change's row is written in its own transaction. Refused calls and reads are written by a thread of their own, in
batches, outside any business transaction; when it cannot keep up, callers wait for it rather than lose a row.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.chassis import logs, telemetry
from services.chassis.call import Call
from services.chassis.database import is_passing
from services.chassis.tables import AUDIT_COLUMNS, columns
from services.kernel.clock import Clock
from services.kernel.errors import exhausted
from services.kernel.ids import uuid7

log = logging.getLogger(__name__)

ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
QUEUE_LIMIT = 2000
BATCH = 200
INSERT = f"""INSERT INTO chassis.audit_log ({", ".join(AUDIT_COLUMNS)})
SELECT * FROM unnest(%(id)s::uuid[], %(logged_at)s::timestamptz[],
    {", ".join(f"%({column})s::text[]" for column in AUDIT_COLUMNS[2:])})
ON CONFLICT DO NOTHING"""


def audit_row(call: Call, at: datetime, outcome: str, *, target: str | None = None) -> dict[str, Any]:
    """One row. `outcome` is `OK` or the reason of the refusal; `target` the id of what it was about."""
    caller = call.caller
    return {
        "id": uuid7(),
        "logged_at": at,
        "workload": caller.workload,
        "client": caller.client_id,
        "subject": caller.subject,
        "department": caller.department,
        "region": caller.region or None,
        "method": call.method.full_name if call.method else call.name,
        "case_number": call.case_number,
        "target": target or target_of(call.request),
        "outcome": outcome,
        "trace_id": telemetry.current_trace_id(),
        "note": call.note,
    }


def target_of(request: Any) -> str | None:
    """The id that a request is about: its first field that is named `..._id` and set; None if it has no such id."""
    if request is None:
        return None
    for field in request.DESCRIPTOR.fields:
        if field.name.endswith("_id") and field.type == field.TYPE_STRING and getattr(request, field.name):
            text = str(getattr(request, field.name))
            # A request that was refused may hold anything, also what no database takes.
            return text if ID.fullmatch(text) else None
    return None


class AuditWriter:
    """Writes the rows of refused calls and reads."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue(QUEUE_LIMIT)
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, call: Call, outcome: str) -> None:
        """Leave one row; waits while the queue is full. Raises Refusal OVERLOADED at the call's deadline."""
        try:
            self._queue.put(audit_row(call, self._clock.now(), outcome), timeout=max(0.05, call.remaining()))
        except queue.Full:
            raise exhausted(retry_after_s=1.0) from None

    def stop(self) -> None:
        """Write what is left, for at most five seconds."""
        self._queue.put(None)
        self._thread.join(5)

    def _run(self) -> None:
        rows: list[dict[str, Any]] = []
        stopping = False
        while not (stopping and not rows):
            if not rows:
                first = self._queue.get()
                stopping = first is None
                rows = [first] if first else []
            while len(rows) < BATCH and not self._queue.empty():
                row = self._queue.get_nowait()
                stopping = stopping or row is None
                if row:
                    rows.append(row)
            if rows and (self._insert(rows) or stopping):
                rows = []

    def _insert(self, rows: list[dict[str, Any]]) -> bool:
        """Whether the rows are dealt with. One that the database never takes must not hold up all that follow."""
        try:
            with self._engine.begin() as connection:
                values = columns([[row[name] for name in AUDIT_COLUMNS] for row in rows], AUDIT_COLUMNS)
                connection.exec_driver_sql(INSERT, values)
            return True
        except sa.exc.SQLAlchemyError as error:
            reason = telemetry.failure(error)
            if is_passing(error):
                logs.event(log, logging.WARNING, "audit rows wait for the database", reason=reason)
                threading.Event().wait(0.5)
                return False
            if len(rows) > 1:
                return all(self._insert([row]) for row in rows)
            logs.event(log, logging.ERROR, "an audit row was not taken", method=rows[0]["method"], reason=reason)
            return True
