"""Between the receiver and the store: a bounded queue and the one thread that writes.

A sender is answered after its spans are in the store, so what was acknowledged outlives the process. The writer takes
all that waits as one block, so that many senders share one write.
"""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from services.chassis import logs, metrics, telemetry

_logger = logging.getLogger(__name__)
_spans = metrics.counter("egov_collector_spans_total")
_waiting = metrics.gauge("egov_collector_queue_spans")


Record_contra = TypeVar("Record_contra", contravariant=True)
Record = TypeVar("Record")


class Store(Protocol[Record_contra]):
    """Where records are kept."""

    def append(self, records: Sequence[Record_contra], /) -> None:
        """Keep the records, all or none."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass(eq=False, slots=True)
class Batch:
    """Records of one request. `settled` is set once they are stored, or lost when the store failed."""

    records: Sequence[Any]
    settled: threading.Event = field(default_factory=threading.Event)
    stored: bool = False


class Intake(Generic[Record]):
    """Takes batches until `capacity` records wait; a batch larger than that is taken when nothing waits."""

    def __init__(self, store: Store[Record], capacity: int) -> None:
        self._store, self._capacity = store, capacity
        self._queue: deque[Batch] = deque()
        self._depth = 0
        self._closing = False
        self._failed = False
        self._changed = threading.Condition()
        self._writer = threading.Thread(target=self._write, name="collector-writer", daemon=True)
        self._writer.start()

    def offer(self, records: Sequence[Record]) -> Batch | None:
        """Queue the records; None if there is no room, or no more time because the process stops."""
        with self._changed:
            full = self._depth > 0 and self._depth + len(records) > self._capacity
            if full or self._closing:
                _spans.labels("refused").inc(len(records))
                return None
            batch = Batch(records)
            self._queue.append(batch)
            self._count(len(records))
            self._changed.notify()
            return batch

    @property
    def alive(self) -> bool:
        """Whether the writer works."""
        return self._writer.is_alive()

    @property
    def writing(self) -> bool:
        """Whether the last write went well."""
        return not self._failed

    @property
    def depth(self) -> int:
        """Records that wait."""
        return self._depth

    def close(self) -> None:
        """Write what waits, take no more, close the store."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._writer.join()
        self._store.close()

    def _write(self) -> None:
        while batches := self._taken():
            records = [record for batch in batches for record in batch.records]
            stored = self._stored(records)
            _spans.labels("stored" if stored else "lost").inc(len(records))
            with self._changed:
                self._count(-len(records))
            for batch in batches:
                batch.stored = stored
                batch.settled.set()

    def _taken(self) -> list[Batch]:
        """All that waits; nothing once the intake is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            batches = list(self._queue)
            self._queue.clear()
            return batches

    def _stored(self, records: Sequence[Record]) -> bool:
        try:
            self._store.append(records)
        except Exception as error:  # noqa: BLE001 - the writer outlives a full disk; senders keep their spans
            if not self._failed:
                reason = telemetry.failure(error)
                logs.event(_logger, logging.ERROR, "spans cannot be stored", exc_info=True, reason=reason)
            self._failed = True
            return False
        self._failed = False
        return True

    def _count(self, change: int) -> None:
        self._depth += change
        _waiting.set(self._depth)
