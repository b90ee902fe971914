"""The relay: events from the outbox to Kafka, in the order in which they were committed per aggregate.

It runs in every process that writes; one works at a time, under a lease. A round reads the head of the outbox, sends at
most one event per key, waits for Kafka's acknowledgement and deletes exactly what was acknowledged, under the epoch of
its lease. So a crash sends twice, with the same event id, and never loses or overtakes. An event that Kafka will not
take holds only its own key.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError
from nameko.extensions import SharedExtension

from services.chassis import logs, metrics, telemetry
from services.chassis.faultpoints import faultpoint
from services.chassis.lease import Lease

log = logging.getLogger(__name__)

BATCH = 500
POLL_S = 0.05
IDLE_LEASE_S = 1.0
ACK_WAIT_S = 35.0
STUCK_RETRY_S = 5.0

HEAD = sa.text(
    "SELECT o.position, e.event_id, e.type, e.aggregate_id, e.headers, e.traceparent, e.body, e.case_number,"
    " e.logged_at FROM (SELECT * FROM chassis.outbox ORDER BY position LIMIT :batch) o"
    " JOIN chassis.event_log e ON e.event_id = o.event_id AND e.logged_at = o.logged_at ORDER BY o.position"
)
# The lease row is locked against a new owner until the delete is through.
DELETE = sa.text(
    "WITH held AS (SELECT 1 FROM chassis.lease WHERE name = 'relay' AND epoch = :epoch FOR SHARE)"
    " DELETE FROM chassis.outbox WHERE position = ANY(:positions) AND EXISTS (SELECT 1 FROM held)"
)


class Queued(NamedTuple):
    """One event at the head of the outbox."""

    position: int
    event_id: Any
    type: str
    key: str
    headers: dict[str, str]
    traceparent: str | None
    body: bytes
    case_number: str | None
    logged_at: Any


class Relay(SharedExtension):
    """Publishes what this service committed."""

    def setup(self) -> None:
        """Prepare; nothing is connected yet, since Kafka may be away."""
        runtime = self.container.runtime
        self._engine: sa.Engine = runtime.engine
        self._topic = f"egov.{runtime.service}.v1"
        self._lease = Lease(runtime.engine, "relay")
        self._stopping = threading.Event()
        self._wake: threading.Event = runtime.relay_wake
        self._producer: KafkaProducer | None = None
        self._refused_keys: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """End the round in flight and hand the lease on. What is left in the outbox is safe."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(ACK_WAIT_S)
        self._drop_producer()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._lease.hold():
                    self._stopping.wait(IDLE_LEASE_S)
                    continue
                self._work_until_renewal()
            except (sa.exc.SQLAlchemyError, KafkaError) as error:
                logs.event(log, logging.WARNING, "relay waits", reason=telemetry.failure(error))
                self._drop_producer()
                self._lease.epoch = None
                self._stopping.wait(1.0)
            except Exception as error:
                logs.event(log, logging.ERROR, "relay failed", exc_info=True, reason=telemetry.failure(error))
                self._lease.epoch = None
                self._stopping.wait(1.0)
        self._hand_on()

    def _hand_on(self) -> None:
        try:
            self._lease.release()
        except sa.exc.SQLAlchemyError as error:
            logs.event(log, logging.WARNING, "relay could not release its lease", reason=telemetry.failure(error))

    def _work_until_renewal(self) -> None:
        """Rounds for about a second, then the lease is renewed; a full round goes on at once."""
        for _ in range(int(1.0 / POLL_S)):
            if self._stopping.is_set():
                return
            self._wake.clear()
            sent = self._round()
            if sent is None:
                return
            if not sent:
                self._wake.wait(POLL_S)
            elif sent >= BATCH // 2:
                return

    def _round(self) -> int | None:
        """Publish once from the head; how many were acknowledged. None when the lease was lost."""
        with self._engine.connect() as connection:
            rows = [Queued(*row) for row in connection.execute(HEAD, {"batch": BATCH})]
            connection.rollback()
            chosen = _first_of_each_key(rows)
            if not chosen:
                return 0
            acknowledged = self._publish(chosen)
            faultpoint("relay.after_ack")
            if not acknowledged:
                self._stopping.wait(STUCK_RETRY_S)
                return 0
            deleted = connection.execute(
                DELETE, {"epoch": self._lease.epoch, "positions": [each.position for each in acknowledged]}
            ).rowcount
            connection.commit()
        if deleted == 0:
            self._lease.epoch = None
            return None
        return len(acknowledged)

    def _publish(self, events: Sequence[Queued]) -> list[Queued]:
        """Send all, wait for all; those that Kafka took."""
        producer = self._connected()
        pending = [(event, self._send(producer, event)) for event in events]
        taken = [event for event, future in pending if self._taken(event, future)]
        if len(taken) < len(events):
            # After a failure an idempotent producer may be unable to go on; a new one can, with a new producer id.
            self._drop_producer()
        return taken

    def _send(self, producer: KafkaProducer, event: Queued) -> Any:
        """Hand one event to the producer; the future, or the error if Kafka can never take this event."""
        attributes = _facts(event, self._topic)
        with telemetry.span(
            f"send {self._topic}", kind="producer", parent=event.traceparent, attributes=attributes
        ) as span:
            if event.case_number:
                telemetry.set_case(event.case_number)
            headers = [(name, text.encode()) for name, text in event.headers.items()]
            headers.append(("traceparent", span.traceparent.encode()))
            try:
                return producer.send(self._topic, key=event.key.encode(), value=event.body, headers=headers)
            except MessageSizeTooLargeError as error:
                return error

    def _taken(self, event: Queued, future: Any) -> bool:
        try:
            if isinstance(future, KafkaError):
                raise future
            future.get(timeout=ACK_WAIT_S)
        except KafkaError as error:
            self._report(event, error)
            return False
        self._refused_keys.discard(event.key)
        metrics.event_out(event.type)
        return True

    def _report(self, event: Queued, error: KafkaError) -> None:
        """Say once per key that Kafka refuses its event; while Kafka is away, everything waits instead."""
        if (
            getattr(error, "retriable", False)
            or isinstance(error, KafkaTimeoutError)
            or event.key in self._refused_keys
        ):
            return
        self._refused_keys.add(event.key)
        logs.event(
            log,
            logging.ERROR,
            "Kafka did not take an event; its key waits",
            event_id=str(event.event_id),
            event_type=event.type,
            case_number=event.case_number,
            reason=telemetry.failure(error),
        )

    def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout=1)

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = KafkaProducer(
                **self.container.runtime.kafka_config(),
                acks="all",
                enable_idempotence=True,
                max_in_flight_requests_per_connection=5,
                linger_ms=0,
                delivery_timeout_ms=int(ACK_WAIT_S * 1000) - 5000,
                request_timeout_ms=10_000,
                max_block_ms=10_000,
                allow_auto_create_topics=False,
                reconnect_backoff_max_ms=1000,
            )
        return self._producer


def _first_of_each_key(rows: Sequence[Queued]) -> list[Queued]:
    """The earliest event of each key: the next of a key goes out when the one before was acknowledged."""
    first: dict[str, Queued] = {}
    for row in rows:
        first.setdefault(row.key, row)
    return list(first.values())


def _facts(event: Queued, topic: str) -> dict[str, Any]:
    """What the span says of the event: the envelope's codes and ids, never its body."""
    texts = event.headers
    holder = texts.get("ce_holder", "")
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.type": "send",
        "messaging.operation.name": "send",
        "messaging.message.id": str(event.event_id),
        "messaging.message.body.size": len(event.body),
        "egov.event.type": event.type,
        "egov.event.id": str(event.event_id),
        "egov.event.time": texts["ce_time"],
        "egov.event.source": texts["ce_source"],
        "egov.event.aggregate": event.key,
        "egov.event.version": int(texts["ce_aggregateversion"]),
        "egov.event.phase": texts.get("ce_casephase"),
        "egov.event.holder": None if holder.startswith("person/") else holder or None,
        "egov.event.deadline": texts.get("ce_deadline"),
        "egov.region": texts.get("ce_region"),
    }
