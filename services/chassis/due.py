"""The timer: at this moment, do this for that thing.

`uow.set_due(name, key, at)` keeps a row with the change that wants it; set again it moves, `uow.cancel_due` takes it
away. When its moment has come a worker of some replica claims it, which moves its next try behind a short lease, runs
the method of that name, and commits the method's effects together with the row's end. A row that was moved, cancelled
or claimed by another meanwhile has no claim of ours any more: then what the method did is undone.

Between two moments there is one look at an index for each name, at least every POLL_S, since other processes set rows.
After a rest rows come in the order of their moments; one that fails waits by itself, longer each time, and for ever.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from nameko.extensions import SharedExtension

from services.chassis import logs, metrics, telemetry
from services.chassis.call import Call, Due, Retry
from services.chassis.contract import ContractError
from services.chassis.database import is_passing
from services.chassis.faultpoints import faultpoint
from services.chassis.transaction import Transaction
from services.chassis.verdicts import MAY_PASS, backoff
from services.kernel.errors import Kind, Refusal

if TYPE_CHECKING:
    from services.chassis.entrypoints import DueMethod

log = logging.getLogger(__name__)

THREADS = 2
POLL_S = 2.0
LIMIT_S = 10.0
"""How long a method may take."""
LEASE_S = 15.0
"""How long a row waits when its worker dies the first time; twice as long each time it does so again."""
LOCKED_S = 0.05
"""How long a row is left alone that is being moved just now."""
LONGEST_BACKOFF_S = 600.0

# `statement_timestamp`, not `clock_timestamp`: a volatile function is no condition of an index, and every row behind
# the first would be looked at.
LOOK = sa.text(
    "SELECT extract(epoch FROM try_at - statement_timestamp())::float FROM chassis.due"
    " WHERE name = :name ORDER BY try_at LIMIT 1"
)
CLAIM = sa.text(
    "UPDATE chassis.due SET attempts = attempts + 1, claim = gen_random_uuid(),"
    " try_at = statement_timestamp() + :lease * interval '1 s' * 2 ^ least(attempts, 5) WHERE name = :name AND key = ("
    " SELECT key FROM chassis.due WHERE name = :name AND try_at <= statement_timestamp()"
    " ORDER BY try_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING key, due_at, attempts, claim, case_number, traceparent, set_at"
)
END = sa.text("DELETE FROM chassis.due WHERE name = :name AND key = :key AND claim = :claim")
AGAIN = sa.text(
    "UPDATE chassis.due SET try_at = statement_timestamp() + :wait * interval '1 s', claim = NULL, reason = :reason"
    " WHERE name = :name AND key = :key AND claim = :claim"
)

# A refusal of another kind says that there is nothing to do any more.
TRIED_AGAIN = frozenset({*MAY_PASS, Kind.INTERNAL, Kind.CONFLICT})


class ClaimLost(Exception):
    """The row was moved, cancelled or claimed by another while the method ran: what it did is undone."""


class _End(NamedTuple):
    """What becomes of a claimed row: the statement that writes it down, and its outcome."""

    statement: sa.TextClause
    facts: dict[str, Any]
    outcome: str


_DONE = _End(END, {}, "done")


class Dues(SharedExtension):
    """Runs the `@due` methods of a service class."""

    def __init__(self) -> None:
        self._methods: dict[str, DueMethod] = {}

    def declare(self, entrypoint: DueMethod) -> None:
        """Add a method. Raises ContractError when its name has one."""
        if self._methods.setdefault(entrypoint.name, entrypoint) is not entrypoint:
            raise ContractError(f"two methods are due by the name {entrypoint.name}")

    def setup(self) -> None:
        """Prepare the threads."""
        self._runtime = self.container.runtime
        self._stopping = threading.Event()
        names = [f"due-{number}" for number in range(1, THREADS + 1)]
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for name in names]

    def start(self) -> None:
        """Begin to look."""
        if self._methods:
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Finish what is in hand."""
        self._stopping.set()
        self._runtime.dues_wake.set()
        if self._methods:
            for thread in self._threads:
                thread.join(self._runtime.settings.drain_seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._runtime.dues_wake.clear()
            try:
                # While the database is one that was set back, nothing is done.
                wait = POLL_S if self._runtime.restored.is_set() else self._round()
            except Exception as error:
                level = logging.WARNING if is_passing(error) else logging.ERROR
                reason = telemetry.failure(error)
                logs.event(log, level, "what is due waits", exc_info=level > logging.WARNING, reason=reason)
                self._stopping.wait(1.0)
                continue
            if wait > 0:
                self._runtime.dues_wake.wait(wait)

    def _round(self) -> float:
        """Do one of each name that is due; seconds until there is something again, POLL_S at most."""
        return min([POLL_S, *(self._one(method) for method in self._methods.values())])

    def _one(self, method: DueMethod) -> float:
        left = self._left(method)
        metrics.due_late(method.name, max(0.0, -left))
        if left > 0:
            return left
        return 0.0 if self._claim(method) else LOCKED_S

    def _left(self, method: DueMethod) -> float:
        """Seconds until the next row of this name, negative when it is late; POLL_S when there is none."""
        with self._runtime.looking.connect() as connection:
            left: float | None = connection.execute(LOOK, {"name": method.name}).scalar()
        return POLL_S if left is None else left

    def _claim(self, method: DueMethod) -> bool:
        """Claim a row of this name and do it; False when somebody else was faster."""
        with self._runtime.engine.begin() as connection:
            row = connection.execute(CLAIM, {"name": method.name, "lease": LEASE_S}).one_or_none()
        if row is None:
            return False
        faultpoint("due.after_claim")
        with _span(method, row) as span:
            if row.case_number:
                telemetry.set_case(row.case_number)
            outcome = self._try(method, row)
            span.set("egov.due.outcome", outcome)
            metrics.due_run(method.name, outcome)
        return True

    def _try(self, method: DueMethod, row: Any) -> str:
        """Run the method and commit its effects with the row's end."""
        call = Call(
            kind="due",
            name=method.method_name,
            case_number=row.case_number,
            deadline=time.monotonic() + LIMIT_S,
        )
        with Transaction(self._runtime, call) as transaction:
            try:
                due = Due(method.name, row.key, row.due_at, row.attempts)
                self.container.run_worker(method, call, (due,), transaction=transaction)
                _settle(transaction.connection, method, row, _DONE)
                faultpoint("due.before_commit")
                transaction.commit()
                return _DONE.outcome
            except ClaimLost:
                return "lost"
            except Exception as error:
                transaction.close()
                return self._failed(method, row, error)

    def _failed(self, method: DueMethod, row: Any, error: Exception) -> str:
        """Write down a failed try, whose own writes are undone; nothing where the row is not ours any more."""
        end = _after(method, row, error)
        try:
            with self._runtime.engine.begin() as connection:
                _settle(connection, method, row, end)
        except ClaimLost:
            return "lost"
        return end.outcome


def _settle(connection: sa.Connection, method: DueMethod, row: Any, end: _End) -> None:
    """Write down what became of the row. Raises ClaimLost when it is not ours any more."""
    facts = {"name": method.name, "key": row.key, "claim": row.claim}
    if connection.execute(end.statement, facts | end.facts).rowcount == 0:
        raise ClaimLost


def _after(method: DueMethod, row: Any, error: Exception) -> _End:
    """Whether there is another try, and when."""
    reason = telemetry.failure(error)
    refused = isinstance(error, Refusal) and error.kind not in TRIED_AGAIN
    logs.event(
        log,
        logging.WARNING,
        "due is refused" if refused else "due will be tried again",
        exc_info=not isinstance(error, Refusal | Retry),
        due=method.name,
        attempt=row.attempts,
        reason=reason,
    )
    if refused:
        return _End(END, {}, "refused")
    wait = error.after_s if isinstance(error, Retry) else None
    wait = backoff(row.attempts + 1, LONGEST_BACKOFF_S) if wait is None else wait
    return _End(AGAIN, {"wait": wait, "reason": reason}, "retried")


def _span(method: DueMethod, row: Any) -> telemetry.Span:
    parent, links = telemetry.cause(row.traceparent, (datetime.now(UTC) - row.set_at).total_seconds())
    late = (datetime.now(UTC) - row.due_at).total_seconds()
    return telemetry.span(
        f"due {method.name}",
        kind="consumer",
        parent=parent,
        links=links,
        attributes={"egov.due.name": method.name, "egov.attempt": row.attempts, "egov.wait_ms": late * 1000},
    )
