"""Jobs: durable work after a commit, such as mail, webhooks and object storage.

A job is a row written with the effect that wants it. A runner claims it under a short lease, which it renews while the
job runs, counts the try, runs the method without a transaction, and commits the method's effects together with the
job's end. A job whose runner died, or that ran into its time limit, is claimed again when its lease is over; its row's
id is the idempotency key for whatever it calls.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from nameko.extensions import SharedExtension

from services.chassis import jobleases, logs, metrics, telemetry
from services.chassis.call import Call, Job, Retry
from services.chassis.database import is_passing
from services.chassis.faultpoints import faultpoint
from services.chassis.jobleases import JobLeases
from services.chassis.transaction import Transaction
from services.chassis.verdicts import MAY_PASS, backoff
from services.kernel.errors import Kind, Refusal

if TYPE_CHECKING:
    from services.chassis.entrypoints import JobMethod

log = logging.getLogger(__name__)

# Each waits most of its time for the disk, twice per job, and those that wait together are served together.
THREADS = 4
POLL_S = 0.5
LONGEST_BACKOFF_S = 600.0

CLAIM = sa.text(
    "UPDATE chassis.job SET attempts = attempts + 1, lease_owner = :owner,"
    " lease_until = clock_timestamp() + :lease * interval '1 s' WHERE id = ("
    " SELECT id FROM chassis.job WHERE state = 'PENDING' AND due_at <= clock_timestamp() AND name = :name"
    " AND (lease_until IS NULL OR lease_until < clock_timestamp()) ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING id, payload, attempts, case_number, traceparent, enqueued_at"
)
END = sa.text(
    "UPDATE chassis.job SET state = :state, reason = :reason, lease_until = NULL, ended_at = clock_timestamp()"
    " WHERE id = :id AND lease_owner = :owner AND attempts = :attempts AND state = 'PENDING'"
)
AGAIN = sa.text(
    "UPDATE chassis.job SET due_at = clock_timestamp() + :wait * interval '1 s', reason = :reason, lease_until = NULL"
    " WHERE id = :id AND lease_owner = :owner AND attempts = :attempts AND state = 'PENDING'"
)


class _End(NamedTuple):
    """What becomes of a try: the statement that writes it down, and its outcome."""

    statement: sa.TextClause
    facts: dict[str, Any]
    outcome: str


_DONE = _End(END, {"state": "DONE", "reason": None}, "done")


class LeaseLost(Exception):
    """The job took longer than its time limit and another runner has it: what this one did is undone."""


class JobCrashed(Exception):
    """The last try of a job ended with its process."""


class JobRunner(SharedExtension):
    """Runs the `@job` methods of a service class."""

    def __init__(self) -> None:
        self._methods: dict[str, JobMethod] = {}

    def declare(self, entrypoint: JobMethod) -> None:
        """Add a method."""
        self._methods[entrypoint.method_name] = entrypoint

    def setup(self) -> None:
        """Prepare the threads."""
        self._runtime = self.container.runtime
        self._engine: sa.Engine = self._runtime.engine
        self._owner = uuid.uuid4()
        self._leases = JobLeases(self._engine, self._owner)
        self._stopping = threading.Event()
        names = [f"job-{number}" for number in range(1, THREADS + 1)]
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for name in names]

    def start(self) -> None:
        """Begin to claim."""
        if self._methods:
            self._leases.start()
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Finish the jobs in hand."""
        self._stopping.set()
        self._runtime.jobs_wake.set()
        if self._methods:
            for thread in self._threads:
                thread.join(self._runtime.settings.drain_seconds)
            self._leases.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._runtime.jobs_wake.clear()
            try:
                worked = [self._run_one(method) for method in self._due_methods()]
            except Exception as error:
                level = logging.WARNING if is_passing(error) else logging.ERROR
                logs.event(
                    log, level, "jobs wait", exc_info=level > logging.WARNING, reason=telemetry.failure(error)
                )  # fmt: skip
                self._stopping.wait(1.0)
                continue
            if not any(worked):
                self._runtime.jobs_wake.wait(POLL_S)

    def _due_methods(self) -> list[JobMethod]:
        """All; none while the database is one that was set back: a job acts on the world outside."""
        return [] if self._runtime.restored.is_set() else list(self._methods.values())

    def _run_one(self, method: JobMethod) -> bool:
        """Claim a job of this method and run it; False when none is due."""
        with self._engine.begin() as connection:
            facts = {"owner": self._owner, "lease": jobleases.LEASE_S, "name": method.method_name}
            row = connection.execute(CLAIM, facts).one_or_none()
        if row is None:
            return False
        faultpoint("job.after_claim")
        last = row.attempts >= method.tries
        job = Job(str(row.id), row.payload, row.attempts, last, row.enqueued_at)
        with self._span(method, row) as span:
            if row.case_number:
                telemetry.set_case(row.case_number)
            span.set("egov.attempt", row.attempts)
            # More tries than allowed: the last one ended with its process.
            crashed = row.attempts > method.tries
            outcome = self._failed(method, job, JobCrashed()) if crashed else self._try(method, job, row.case_number)
            span.set("egov.job.outcome", outcome)
            metrics.job_run(method.method_name, outcome)
        return True

    def _span(self, method: JobMethod, row: Any) -> telemetry.Span:
        age = (datetime.now(UTC) - row.enqueued_at).total_seconds()
        parent, links = telemetry.cause(row.traceparent, age)
        return telemetry.span(
            f"job {method.method_name}",
            kind="consumer",
            parent=parent,
            links=links,
            attributes={"egov.job.name": method.method_name, "egov.job.id": str(row.id), "egov.wait_ms": age * 1000},
        )

    def _try(self, method: JobMethod, job: Job, case_number: str | None) -> str:
        call = Call(
            kind="job",
            name=method.method_name,
            case_number=case_number,
            deadline=time.monotonic() + method.limit_seconds,
        )
        transaction = Transaction(self._runtime, call)
        try:
            end = _DONE
            try:
                with self._leases.kept(job.id, job.attempt, method.limit_seconds):
                    self.container.run_worker(method, call, (job,), transaction=transaction)
            except Retry as asked:
                if not asked.keep:
                    raise
                end = self._after(method, job, asked)
            self._settle(transaction.connection, job, end)
            faultpoint("job.before_commit")
            transaction.commit()
            faultpoint("job.after_commit")
            return end.outcome
        except LeaseLost:
            logs.event(log, logging.WARNING, "job outlived its time limit", job=method.method_name, job_id=job.id)
            return "retried"
        except Exception as error:
            transaction.close()
            return self._failed(method, job, error)
        finally:
            transaction.close()

    def _failed(self, method: JobMethod, job: Job, error: Exception) -> str:
        """Write down a failed try, whose own writes are undone; nothing where the job is another's by now."""
        end = self._after(method, job, error)
        with contextlib.suppress(LeaseLost), self._engine.begin() as connection:
            self._settle(connection, job, end)
        return end.outcome

    def _settle(self, connection: sa.Connection, job: Job, end: _End) -> None:
        """Write down what became of the try. Raises LeaseLost when another runner has the job."""
        facts = {"id": job.id, "owner": self._owner, "attempts": job.attempt}
        if connection.execute(end.statement, facts | end.facts).rowcount == 0:
            raise LeaseLost

    def _after(self, method: JobMethod, job: Job, error: Exception) -> _End:
        """Whether there is another try, and when."""
        reason = telemetry.failure(error)
        # An internal refusal is a fault of ours, or of a service that was asked; other refusals are the answer.
        given_up = job.last or (isinstance(error, Refusal) and error.kind not in (*MAY_PASS, Kind.INTERNAL))
        logs.event(
            log,
            logging.ERROR if given_up else logging.WARNING,
            "job given up" if given_up else "job will be tried again",
            exc_info=not isinstance(error, Refusal | Retry),
            job=method.method_name,
            job_id=job.id,
            attempt=job.attempt,
            reason=reason,
        )
        if given_up:
            return _End(END, {"state": "FAILED", "reason": reason}, "given_up")
        wait = error.after_s if isinstance(error, Retry) else None
        wait = backoff(job.attempt + 1, LONGEST_BACKOFF_S) if wait is None else wait
        return _End(AGAIN, {"wait": wait, "reason": reason}, "retried")
