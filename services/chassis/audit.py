"""The audit log: who called what, for whom, about which case, with which outcome.

A change's row is written in its own transaction. Refused calls and reads are written by a thread of their own, in
batches, outside any business transaction; when it cannot keep up, callers wait for it rather than lose a row.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

import psycopg
import sqlalchemy as sa

from services.chassis import logs, telemetry
from services.chassis.call import Call
from services.chassis.database import is_passing
from services.chassis.tables import AUDIT_COLUMNS, columns
from services.kernel import checks
from services.kernel.clock import Clock
from services.kernel.errors import exhausted
from services.kernel.ids import uuid7

log = logging.getLogger(__name__)

# What else a field of that name may hold beside a UUID: an id that the network itself gives, or an enterprise's code.
# Anything else that somebody sends as an id may be a phone or an identity number, and is not kept.
OTHER_IDS: Mapping[str, Callable[[str], object]] = {
    "client_id": re.compile(r"[a-z][a-z0-9-]{2,39}").fullmatch,
    "event_id": re.compile(r"egov(\.[a-z0-9]+){2}:[0-9]{1,9}:[0-9]{1,19}").fullmatch,
    "holder_id": lambda text: _is_enterprise(text),
}
MOST_WAITING = 2000
BATCH = 200
GATHER_S = 0.05
AWAY_S = 0.5
COPY = f"COPY chassis.audit_log ({', '.join(AUDIT_COLUMNS)}) FROM STDIN"
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
        "case_number": call.case_number or call.looked_at,
        "target": target or target_of(call.request),
        "outcome": outcome,
        "trace_id": telemetry.current_trace_id(),
        "note": call.note,
    }


def target_of(request: Any) -> str | None:
    """The id that a request is about: its first field that is named `..._id` and set.

    None if it has no such field, or if what stands there is no id: a request that was refused may hold anything.
    """
    if request is None:
        return None
    for field in request.DESCRIPTOR.fields:
        if field.name.endswith("_id") and field.type == field.TYPE_STRING and getattr(request, field.name):
            text = str(getattr(request, field.name))
            other = OTHER_IDS.get(field.name)
            return text if checks.is_uuid(text) or (other is not None and other(text)) else None
    return None


def _is_enterprise(text: str) -> bool:
    """Whether it is an enterprise's code. Some are digits alone; one that could be a person's number is not taken."""
    of_a_person = text[6:8] in ("19", "20") and set(checks.citizen_number(text)) <= {"code_citizen_number_check"}
    return checks.social_credit_code(text)[0] and not of_a_person


class AuditWriter:
    """Writes the rows of refused calls and reads, those of a twentieth of a second together."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._rows: deque[dict[str, Any]] = deque()
        self._room = threading.Condition()
        self._some = threading.Event()
        self._full = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, call: Call, outcome: str) -> None:
        """Leave one row; waits while too many are left already. Raises Refusal OVERLOADED at the call's deadline."""
        row = audit_row(call, self._clock.now(), outcome)
        with self._room:
            if not self._room.wait_for(lambda: len(self._rows) < MOST_WAITING, max(0.05, call.remaining())):
                raise exhausted(retry_after_s=1.0)
            self._rows.append(row)
            # To wake a thread costs more than to write a row.
            if len(self._rows) == 1:
                self._some.set()
            elif len(self._rows) == BATCH:
                self._full.set()

    def stop(self) -> None:
        """Write what is left, for at most five seconds."""
        self._stopping.set()
        self._some.set()
        self._full.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._some.wait()
            self._full.wait(GATHER_S)
            rows = self._take()
            while rows and not (self._insert(rows) or self._stopping.wait(AWAY_S)):
                pass
        # What came while it stopped.
        while rows := self._take():
            self._insert(rows)

    def _take(self) -> list[dict[str, Any]]:
        with self._room:
            self._some.clear()
            self._full.clear()
            rows = [self._rows.popleft() for _ in range(min(BATCH, len(self._rows)))]
            if self._rows:
                self._some.set()
            if len(self._rows) >= BATCH:
                self._full.set()
            self._room.notify_all()
        return rows

    def _insert(self, rows: list[dict[str, Any]]) -> bool:
        """Whether the rows are dealt with. One that the database never takes must not hold up all that follow."""
        values = [[row[name] for name in AUDIT_COLUMNS] for row in rows]
        try:
            if not self._copy(values):
                with self._engine.begin() as connection:
                    connection.exec_driver_sql(INSERT, columns(values, AUDIT_COLUMNS))
            return True
        except sa.exc.SQLAlchemyError as error:
            reason = telemetry.failure(error)
            if is_passing(error):
                logs.event(log, logging.WARNING, "audit rows wait for the database", reason=reason)
                return False
            if len(rows) > 1:
                return all(self._insert([row]) for row in rows)
            logs.event(log, logging.ERROR, "an audit row was not taken", method=rows[0]["method"], reason=reason)
            return True

    def _copy(self, values: list[list[Any]]) -> bool:
        """The quick way, for a third of an INSERT's time. Whatever fails here, the INSERT tells why or gets over.

        It does when the answer to an earlier commit was lost, and the rows are there already.
        """
        try:
            with self._engine.begin() as connection:
                driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
                with driver.cursor() as cursor, cursor.copy(COPY.encode()) as copy:
                    for row in values:
                        copy.write_row(row)
            return True
        except (psycopg.Error, sa.exc.SQLAlchemyError):
            return False
