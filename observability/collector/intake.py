"""Between the receiver and the store: a bounded queue and the one thread that writes.

A sender is answered after its spans are in the store, so what was acknowledged outlives the process. The writer takes
all that waits as one block, so that many senders share one write.
"""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from observability.files import SpanStore
from observability.records import SpanRecord
from services.chassis import logs, metrics, telemetry

_logger = logging.getLogger(__name__)
_spans = metrics.counter("egov_collector_spans_total")
_waiting = metrics.gauge("egov_collector_queue_spans")


@dataclass(eq=False, slots=True)
class Batch:
    """Spans of one request. `settled` is set once they are stored, or lost when the store failed."""

    spans: Sequence[SpanRecord]
    settled: threading.Event = field(default_factory=threading.Event)
    stored: bool = False


class Intake:
    """Takes batches until `capacity` spans wait; a batch larger than that is taken when nothing waits."""

    def __init__(self, store: SpanStore, capacity: int) -> None:
        self._store, self._capacity = store, capacity
        self._queue: deque[Batch] = deque()
        self._depth = 0
        self._closing = False
        self._failed = False
        self._changed = threading.Condition()
        self._writer = threading.Thread(target=self._write, name="collector-writer", daemon=True)
        self._writer.start()

    def offer(self, spans: Sequence[SpanRecord]) -> Batch | None:
        """Queue the spans; None if there is no room, or no more time because the collector stops."""
        with self._changed:
            full = self._depth > 0 and self._depth + len(spans) > self._capacity
            if full or self._closing:
                _spans.labels("refused").inc(len(spans))
                return None
            batch = Batch(spans)
            self._queue.append(batch)
            self._count(len(spans))
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
        """Spans that wait."""
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
            spans = [span for batch in batches for span in batch.spans]
            stored = self._stored(spans)
            _spans.labels("stored" if stored else "lost").inc(len(spans))
            with self._changed:
                self._count(-len(spans))
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

    def _stored(self, spans: Sequence[SpanRecord]) -> bool:
        try:
            self._store.append(spans)
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
