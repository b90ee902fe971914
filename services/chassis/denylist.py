"""The deny list: whom identity shut out (persons, enterprises, member systems), so that their tokens buy nothing.

Identity says so by event; every service keeps a small table of its own and answers from memory. Whatever process takes
the event knows at once, its replicas within five seconds. Tokens end by themselves after five minutes, and identity
grants no new ones, so the list need not be complete from the beginning of time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from services.chassis import logs, telemetry
from services.chassis.database import standalone
from services.kernel.errors import unauthenticated, unavailable
from services.kernel.ports import Caller

log = logging.getLogger(__name__)

READ_EVERY_S = 5.0
NOTED_FOR_S = 2 * READ_EVERY_S
"""How long an event counts more than the table, whose commit may still be to come when it is read."""

DENIED = sa.text("SELECT kind, id FROM chassis.denied")

Entry = tuple[str, str]
"""Kind, `person` (an enterprise too, by its id as holder) or `client`, and id."""


class Noted(NamedTuple):
    """What an event said, and when it was taken."""

    denied: bool
    at: float


class DenyList:
    """Who is shut out, for one process. Safe for use from many threads."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = standalone(engine)
        self._clock = clock
        self._lock = threading.Lock()
        self._table: frozenset[Entry] | None = None
        self._read_at = 0.0
        self._noted: dict[Entry, Noted] = {}

    def demand_allowed(self, caller: Caller) -> None:
        """Raises Refusal SUBJECT_DISABLED or CLIENT_DISABLED, or UNAVAILABLE when the list was never read."""
        if caller.subject and self.holds("person", caller.subject):
            raise unauthenticated("SUBJECT_DISABLED")
        if caller.client_id and self.holds("client", caller.client_id):
            raise unauthenticated("CLIENT_DISABLED")

    def holds(self, kind: str, id: str) -> bool:
        """Whether this person or client is shut out. Raises Refusal UNAVAILABLE when the list was never read."""
        table = self._current()
        noted = self._noted.get((kind, id))
        return noted.denied if noted and self._fresh(noted) else (kind, id) in table

    def note(self, kind: str, id: str, *, denied: bool) -> None:
        """What an event said holds here at once."""
        with self._lock:
            self._noted[kind, id] = Noted(denied, self._clock())

    def _current(self) -> frozenset[Entry]:
        """The table, read again every five seconds by one of the threads; while it cannot be read, as it was."""
        table = self._table
        if table is not None and self._clock() - self._read_at < READ_EVERY_S:
            return table
        # Whoever finds the list old reads it; the others go on with the old one, unless there is none yet.
        if self._lock.acquire(blocking=table is None):
            try:
                return self._read()
            finally:
                self._lock.release()
        return table or frozenset()

    def _read(self) -> frozenset[Entry]:
        if self._table is not None and self._clock() - self._read_at < READ_EVERY_S:
            return self._table
        try:
            with self._engine.connect() as connection:
                self._table = frozenset((row.kind, row.id) for row in connection.execute(DENIED))
        except sa.exc.SQLAlchemyError as error:
            logs.event(log, logging.WARNING, "the deny list waits", reason=telemetry.failure(error))
            if self._table is None:
                raise unavailable(retry_after_s=1.0) from None
        self._read_at = self._clock()
        self._noted = {entry: noted for entry, noted in self._noted.items() if self._fresh(noted)}
        return self._table

    def _fresh(self, noted: Noted) -> bool:
        return self._clock() - noted.at < NOTED_FOR_S


@cache
def deny_list(engine: sa.Engine) -> DenyList:
    """The one deny list of this process for a database."""
    return DenyList(engine)
