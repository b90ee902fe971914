"""Reading before the unit of work begins: for work that reads, then asks another service, then writes."""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider


class Reading:
    """A connection for statements that stand alone, opened at first use; what `self.reads` is inside a worker."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: sa.Connection | None = None

    @property
    def connection(self) -> sa.Connection:
        """The connection. Each statement stands alone: no lock and no snapshot outlives it."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class ReadsProvider(DependencyProvider):
    """Gives each worker a reading connection, and takes it back always."""

    def get_dependency(self, worker_ctx: WorkerContext) -> Reading:
        """One that is not open yet."""
        reading = Reading(self.container.runtime.looking)
        worker_ctx.data["reading"] = reading
        return reading

    def worker_teardown(self, worker_ctx: WorkerContext) -> None:
        """Give the connection back."""
        reading = worker_ctx.data.get("reading")
        if reading is not None:
            reading.close()


def Reads() -> Reading:
    """Declare it: `reads = Reads()`."""
    return cast(Reading, ReadsProvider())
