"""The Kafka producer of a process: idempotent, patient, and never waited for.

It can be made while Kafka is away. What it was given it delivers when Kafka is back, in the order of each partition.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from services.chassis.leftovers import sweep

METADATA_WAIT_MS = 1000
PATIENCE_MS = 3_600_000

Answered = Callable[[Any], None]


class Producer:
    """Sends to one topic. `config` is what reaches the brokers."""

    def __init__(self, config: Mapping[str, Any], topic: str) -> None:
        self._config = config
        self._topic = topic
        self._kafka: KafkaProducer | None = None

    @property
    def open(self) -> bool:
        """There is a connection, or one is being tried."""
        return self._kafka is not None

    def ready(self) -> None:
        """Connect, and wait for at most a second until the topic is known, so that no `send` waits.

        Raises KafkaError while it is not.
        """
        if self._kafka is None:
            self._kafka = _Closable(
                **self._config,
                acks="all",
                enable_idempotence=True,
                max_in_flight_requests_per_connection=5,
                linger_ms=0,
                delivery_timeout_ms=PATIENCE_MS,
                request_timeout_ms=10_000,
                max_block_ms=METADATA_WAIT_MS,
                allow_auto_create_topics=False,
                reconnect_backoff_max_ms=500,
            )
        self._kafka.partitions_for(self._topic)

    def send(self, key: str, body: bytes, headers: list[tuple[str, bytes]], answered: Answered) -> None:
        """Hand one event over, after `ready`. `answered` gets what Kafka acknowledged, or the error, on any thread."""
        assert self._kafka is not None
        try:
            future = self._kafka.send(self._topic, key=key.encode(), value=body, headers=headers)
        except KafkaError as error:
            answered(error)
            return
        future.add_both(answered)

    def close(self) -> None:
        """Let go at once; what was not acknowledged may be delivered or not."""
        kafka, self._kafka = self._kafka, None
        if kafka is not None:
            kafka.close(timeout=0)
            del kafka
            sweep()


class _Closable(KafkaProducer):
    """kafka-python's own `close` flushes first, and gives up before it has ended its thread when that takes long."""

    def flush(self, timeout: float | None = None) -> None:
        with contextlib.suppress(KafkaTimeoutError):
            super().flush(timeout)
