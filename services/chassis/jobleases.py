"""The leases of the jobs in hand: short, so that another takes over soon, and renewed while a job runs."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from services.chassis import logs, telemetry
from services.chassis.database import is_passing

log = logging.getLogger(__name__)

LEASE_S = 8.0
"""How long a job waits when its runner dies."""
RENEWALS = 4
"""Renewals within one lease: the database may miss some of them."""

# A row that is locked is about to end, and needs no lease any more.
RENEW = sa.text(
    "UPDATE chassis.job SET lease_until = clock_timestamp() + :lease * interval '1 s' WHERE id = ("
    " SELECT id FROM chassis.job WHERE id = :id AND lease_owner = :owner AND attempts = :attempts"
    " AND state = 'PENDING' FOR UPDATE SKIP LOCKED)"
)

Held = tuple[str, int]


class JobLeases:
    """Renews the leases of one runner's jobs, each until the time limit of its try."""

    def __init__(self, engine: sa.Engine, owner: uuid.UUID) -> None:
        self._engine = engine
        self._owner = owner
        self._limits: dict[Held, float] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-leases", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Renew no more."""
        self._stopping.set()
        self._thread.join()

    @contextmanager
    def kept(self, job_id: str, attempt: int, limit_seconds: float) -> Iterator[None]:
        """Keep the lease of this try for as long as the block runs, and no longer than its limit."""
        with self._lock:
            self._limits[job_id, attempt] = time.monotonic() + limit_seconds
        try:
            yield
        finally:
            with self._lock:
                del self._limits[job_id, attempt]

    def _run(self) -> None:
        while not self._stopping.wait(LEASE_S / RENEWALS):
            try:
                self._renew()
            except Exception as error:
                level = logging.WARNING if is_passing(error) else logging.ERROR
                reason = telemetry.failure(error)
                logs.event(log, level, "leases of jobs not renewed", exc_info=level > logging.WARNING, reason=reason)

    def _renew(self) -> None:
        now = time.monotonic()
        with self._lock:
            held = [each for each, limit in self._limits.items() if now < limit]
        if not held:
            return
        facts = {"owner": self._owner, "lease": LEASE_S}
        with self._engine.begin() as connection:
            connection.execute(RENEW, [facts | {"id": job_id, "attempts": attempt} for job_id, attempt in held])
