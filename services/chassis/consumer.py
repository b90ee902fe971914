"""One consumer id: a thread that polls Kafka and hands record after record to its taker.

Kafka's group only assigns partitions; where to read from is the consumer's own row, sought on assignment. Records of
types that the consumer does not declare are skipped and counted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError

from services.chassis import inbox, logs, metrics, telemetry
from services.chassis.database import is_passing
from services.chassis.taking import Fenced, Taker

if TYPE_CHECKING:
    from services.chassis.entrypoints import On

log = logging.getLogger(__name__)

POLL_MS = 250
RECORDS = 200
SKIPS_KEPT = 500
PAUSE_S = 0.5


class Consumer:
    """Takes events of one topic for one consumer id, partition by partition in order."""

    def __init__(self, container: Any, id: str, entrypoints: Sequence[On]) -> None:
        self.id = id
        self.topic = entrypoints[0].topic
        self.taker = Taker(container, id, {entrypoint.kind.name: entrypoint for entrypoint in entrypoints})
        self.lags: dict[tuple[str, str, int], int] = {}
        self._from_beginning = entrypoints[0].start_at == "beginning"
        self._runtime = container.runtime
        self._engine: sa.Engine = container.runtime.engine
        self._positions: dict[TopicPartition, int] = {}
        self._skipped: dict[TopicPartition, int] = {}
        self._first: set[TopicPartition] = set()
        self._new: set[TopicPartition] = set()
        self._stopping = threading.Event()
        self._kafka: KafkaConsumer | None = None
        self._thread = threading.Thread(target=self._run, name=f"consume {id}", daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Take no more records after the one in hand."""
        self._stopping.set()

    def stop(self) -> None:
        """Finish the record in hand and leave the group, so that another takes over at once."""
        self.ask_to_stop()
        self._thread.join(self._runtime.settings.drain_seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._poll_once()
            except OffsetOutOfRangeError:
                logs.event(
                    log, logging.ERROR, "the position is no longer in the topic", consumer=self.id, topic=self.topic
                )
                self._stopping.wait(5.0)
            except (KafkaError, sa.exc.SQLAlchemyError, Fenced) as error:
                self._start_over(error)
            except Exception as error:
                logs.event(log, logging.ERROR, "consumer failed", exc_info=True, consumer=self.id)
                self._start_over(error)
        self._close()

    def _start_over(self, error: Exception) -> None:
        """Go back to the positions in the database: whatever was in hand was not committed."""
        logs.event(log, logging.WARNING, "consumer waits", consumer=self.id, reason=telemetry.failure(error))
        self._stopping.wait(PAUSE_S)
        if isinstance(error, KafkaError):
            self._close()
            return
        try:
            if self._kafka is not None:
                self.seek(self._kafka, list(self._kafka.assignment()))
        except (KafkaError, sa.exc.SQLAlchemyError):
            self._close()

    def _close(self) -> None:
        kafka, self._kafka = self._kafka, None
        if kafka is not None:
            try:
                kafka.close(autocommit=False, timeout_ms=2000)
            except KafkaError as error:
                logs.event(
                    log, logging.WARNING, "consumer left badly", consumer=self.id, reason=telemetry.failure(error)
                )

    def _poll_once(self) -> None:
        kafka = self._kafka or self._connect()
        polled = kafka.poll(timeout_ms=POLL_MS, max_records=RECORDS)
        self._begin_new(kafka, polled)
        for partition, records in polled.items():
            for record in records:
                if self._stopping.is_set():
                    return
                self._take(partition, record)
        self._note_lags(kafka)

    def _connect(self) -> KafkaConsumer:
        kafka = KafkaConsumer(
            **self._runtime.kafka_config(),
            group_id=f"{self._runtime.service}.{self.id}",
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            session_timeout_ms=6000,
            heartbeat_interval_ms=1500,
            max_poll_interval_ms=120_000,
            fetch_max_wait_ms=100,
            reconnect_backoff_max_ms=1000,
        )
        self._kafka = kafka
        kafka.subscribe([self.topic], listener=_Assigned(self, kafka))
        return kafka

    def seek(self, kafka: KafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Read each partition from where this consumer's own row says; a new consumer from where its `start` says.

        kafka-python calls this on its own thread, where nothing may ask Kafka and wait: what a new consumer's first
        position is in numbers is found out after the next poll.
        """
        for partition in partitions:
            position = self._stored(partition)
            self._skipped.pop(partition, None)
            self._first.add(partition)
            if position is not None:
                kafka.seek(partition, position)
                self._positions[partition] = position
                continue
            self._positions.pop(partition, None)
            self._new.add(partition)
            (kafka.seek_to_beginning if self._from_beginning else kafka.seek_to_end)(partition)

    def forget(self, partitions: Sequence[TopicPartition]) -> None:
        """These partitions are another process's now."""
        for partition in partitions:
            self._positions.pop(partition, None)
            self._new.discard(partition)
            self.lags.pop((self.id, partition.topic, partition.partition), None)
            metrics.forget_consumer_lag(self.id, partition.topic, partition.partition)

    def _begin_new(self, kafka: KafkaConsumer, polled: Mapping[TopicPartition, Sequence[Any]]) -> None:
        """Write down where a new consumer begins, before it takes anything."""
        for partition in list(self._new):
            records = polled.get(partition)
            offset = records[0].offset if records else kafka.position(partition, timeout_ms=2000)
            if offset is None:
                continue
            facts = {"consumer": self.id, "topic": partition.topic, "partition": partition.partition, "offset": offset}
            with self._engine.begin() as connection:
                connection.execute(inbox.BEGIN_AT, facts)
            stored = self._stored(partition)
            if stored is not None and partition in self._new:
                self._positions[partition] = stored
                self._new.discard(partition)

    def _stored(self, partition: TopicPartition) -> int | None:
        facts = {"consumer": self.id, "topic": partition.topic, "partition": partition.partition}
        with self._engine.connect() as connection:
            position = connection.execute(inbox.POSITION, facts).scalar()
        return None if position is None else int(position)

    def _take(self, partition: TopicPartition, record: Any) -> None:
        position = self._positions.get(partition)
        if position is None or record.offset < position:
            return
        if not self._declared(record):
            self._skip(partition, record.offset + 1)
            return
        self._keep_skips(partition)
        crashes = self._count_first(partition, record)
        outcome = self._insist(partition, record, crashes)
        if outcome is not None:
            self._positions[partition] = record.offset + 1
            metrics.event_in(self.id, outcome)

    def _insist(self, partition: TopicPartition, record: Any, crashes: int) -> str | None:
        """Take the record, again and again while only the database stands in the way."""
        failures = 0
        while not self._stopping.is_set():
            try:
                return self.taker.take(record, self._here(partition), crashes=crashes)
            except sa.exc.SQLAlchemyError as error:
                failures += 1
                if not is_passing(error) or failures > 3:
                    raise
                metrics.retried()
                self._stopping.wait(0.1 * failures)
        return None

    def _here(self, partition: TopicPartition) -> int:
        """The position of a partition that is still this process's. Raises Fenced when it was taken away meanwhile."""
        position = self._positions.get(partition)
        if position is None:
            raise Fenced
        return position

    def _declared(self, record: Any) -> bool:
        """False for a type that this consumer does not take. What names no type is taken, and parked."""
        for name, value in record.headers:
            if name == "ce_type":
                return value is None or value.decode("utf-8", "replace") in self.taker.handlers
        return True

    def _skip(self, partition: TopicPartition, next_offset: int) -> None:
        """Pass over a record; the position is written down with the next effect, or after a while."""
        metrics.event_skipped(self.id)
        self._skipped[partition] = next_offset
        if next_offset - self._here(partition) >= SKIPS_KEPT:
            self._keep_skips(partition)

    def _keep_skips(self, partition: TopicPartition) -> None:
        next_offset = self._skipped.pop(partition, None)
        if next_offset is None:
            return
        facts = {"consumer": self.id, "topic": partition.topic, "partition": partition.partition}
        with self._engine.begin() as connection:
            more = {"next": next_offset, "expected": self._here(partition)}
            if connection.execute(inbox.SKIP, facts | more).rowcount == 0:
                raise Fenced
        self._positions[partition] = next_offset

    def _count_first(self, partition: TopicPartition, record: Any) -> int:
        """The first record after an assignment may have taken the last process down: count it before trying."""
        if partition not in self._first:
            return 0
        self._first.discard(partition)
        facts = {
            "consumer": self.id,
            "topic": partition.topic,
            "partition": partition.partition,
            "offset": record.offset,
        }
        with self._engine.begin() as connection:
            return int(connection.execute(inbox.COUNT_TRY, facts).scalar_one())

    def _note_lags(self, kafka: KafkaConsumer) -> None:
        for partition, position in list(self._positions.items()):
            end = kafka.highwater(partition)
            if end is None:
                continue
            lag = max(0, end - max(position, self._skipped.get(partition, 0)))
            self.lags[(self.id, partition.topic, partition.partition)] = lag
            metrics.consumer_lag(self.id, partition.topic, partition.partition, lag)
            if lag == 0 and partition in self._skipped:
                self._keep_skips(partition)


class _Assigned(ConsumerRebalanceListener):
    def __init__(self, consumer: Consumer, kafka: KafkaConsumer) -> None:
        self._consumer = consumer
        self._kafka = kafka

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        started = time.monotonic()
        self._consumer.seek(self._kafka, list(assigned))
        logs.event(
            log, logging.INFO, "partitions assigned", consumer=self._consumer.id, count=len(assigned),
            duration_ms=round((time.monotonic() - started) * 1000, 1),
        )  # fmt: skip

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._consumer.forget(list(revoked))
