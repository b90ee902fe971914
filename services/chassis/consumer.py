"""One member of a consumer's group: a thread that polls Kafka and hands record after record to its taker.

Kafka's group only assigns partitions; where to read from is the consumer's own row, sought before anything is taken.
Records of types that the consumer does not declare are skipped and counted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError

from services.chassis import batches, logs, metrics, telemetry
from services.chassis.batches import Batches
from services.chassis.database import is_passing
from services.chassis.leftovers import sweep
from services.chassis.positions import Fenced, Positions
from services.chassis.standstill import StandsStill, Standstill
from services.chassis.taking import Taker

if TYPE_CHECKING:
    from services.chassis.entrypoints import On, OnAny

log = logging.getLogger(__name__)

POLL_MS = 250
RECORDS = 200
# A member that does not poll holds up its group's rebalance: what is left of a round is fetched again.
LONGEST_ROUND_S = 5.0
PAUSE_S = 0.5
TRIES_BY_PATIENCE = 3
LOST_PLACE_RETRY_S = 30.0
MOST_BETWEEN_POLLS_MS = 120_000
METADATA_MS = 300_000
# How soon an observer hears of a topic that was made after its start.
NEW_TOPICS_MS = 5_000
# Any record of a batch may have taken the last process down: after an assignment so many are taken one by one.
CAREFUL = batches.MOST


class Consumer:
    """Takes events of one topic, an observer's of all, for one consumer id, partition by partition in order.

    `number` tells those of one id in a process from one another.
    Everything happens on the consumer's own thread: kafka-python calls the listener on another one, but only while
    this one waits in `poll` or `close`.
    """

    def __init__(self, container: Any, taker: Taker, entrypoints: Sequence[On | OnAny], number: int) -> None:
        self.id = id = taker.consumer
        self.taker = taker
        self.lags: dict[tuple[str, str, int], int] = {}
        self._runtime = container.runtime
        from_beginning = entrypoints[0].start_at == "beginning"
        self._positions = Positions(self._runtime.engine, id, from_beginning=from_beginning)
        self._wanted = _subscription(entrypoints[0], self._runtime.service)
        self._batches = Batches(self._runtime, self.taker)
        self._careful: dict[TopicPartition, int] = {}
        self._survived: dict[TopicPartition, int] = {}
        self._standstill = Standstill()
        self._stopping = threading.Event()
        self._kafka: KafkaConsumer | None = None
        self._thread = threading.Thread(target=self._run, name=f"consume {id} {number}", daemon=True)

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
                self._step()
            except Exception as error:
                logs.event(log, logging.ERROR, "consumer failed", exc_info=True, consumer=self.id)
                self._pause("consumer connects anew", error)
                self._close()
        self._close()

    def _step(self) -> None:
        try:
            self._poll_once()
        except OffsetOutOfRangeError as error:
            self._lose_place(error.args[0])
        except KafkaError as error:
            stuck = isinstance(error, StandsStill)
            self._pause("consumer stands still and connects anew" if stuck else "consumer waits for Kafka", error)
            self._close()
        except (sa.exc.SQLAlchemyError, Fenced) as error:
            self._pause("consumer starts over", error)
            self._seek_again()

    def _pause(self, what: str, error: Exception) -> None:
        logs.event(log, logging.WARNING, what, consumer=self.id, reason=telemetry.failure(error))
        self._stopping.wait(PAUSE_S)

    def _poll_once(self) -> None:
        if self._runtime.restored.is_set():
            self._stopping.wait(PAUSE_S)
            return
        kafka = self._kafka or self._connect()
        # Before records are in hand: what goes wrong here must not cost those of other partitions.
        if sought := self._positions.seek_new(kafka):
            logs.event(log, logging.INFO, "partitions sought", consumer=self.id, count=sought)
        polled = kafka.poll(timeout_ms=POLL_MS, max_records=RECORDS)
        if self._positions.replaced(kafka):
            self._seek_again()
            return
        self._standstill.heard_of(polled)
        # Also before: a round may take seconds, and until the first has ended nobody would know how far this is.
        self._note_lags(kafka)
        self._take_all(kafka, polled)
        self._note_lags(kafka)
        self._standstill.look(kafka, self._positions.next())

    def _connect(self) -> KafkaConsumer:
        kafka = KafkaConsumer(
            **self._runtime.kafka_config(),
            group_id=f"{self._runtime.service}.{self.id}",
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            session_timeout_ms=6000,
            heartbeat_interval_ms=1500,
            max_poll_interval_ms=MOST_BETWEEN_POLLS_MS,
            reconnect_backoff_max_ms=500,
            metadata_max_age_ms=NEW_TOPICS_MS if self.taker.observes else METADATA_MS,
        )
        self._kafka, self._standstill = kafka, Standstill()
        kafka.subscribe(**self._wanted, listener=_Listener(self))
        return kafka

    def _close(self) -> None:
        kafka, self._kafka = self._kafka, None
        if kafka is not None:
            try:
                kafka.close(autocommit=False, timeout_ms=2000)
            except Exception as error:
                reason = telemetry.failure(error)
                logs.event(log, logging.WARNING, "consumer left badly", consumer=self.id, reason=reason)
            self.forget(self._positions.all())
            del kafka
            sweep()

    def adopt(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are this process's from now on; nothing is read of them before they were sought."""
        self._standstill.joined()
        for partition in partitions:
            self._positions.set_aside(self._kafka, partition)
            self._careful[partition] = CAREFUL

    def leave(self, partitions: Iterable[TopicPartition]) -> None:
        """The group takes these partitions back, and will assign anew."""
        self._standstill.left()
        self.forget(partitions)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are another process's now."""
        for partition in partitions:
            self._positions.forget(partition)
            self.lags.pop((self.id, partition.topic, partition.partition), None)
            metrics.forget_consumer_lag(self.id, partition.topic, partition.partition)

    def _seek_again(self) -> None:
        """Go back to the positions in the database: whatever was in hand was not committed."""
        for partition in self._positions.known() if self._kafka is not None else ():
            self._positions.set_aside(self._kafka, partition)

    def _lose_place(self, positions: Mapping[TopicPartition, int]) -> None:
        """Kafka no longer has, or does not have yet, what comes next: a gap that a person must judge.

        The other partitions go on. Once `services.chassis.reposition` has set the row, this one does, too.
        """
        for partition, position in positions.items():
            logs.event(
                log, logging.ERROR, "the topic does not hold the position; the partition waits for a person",
                consumer=self.id, topic=partition.topic, partition=partition.partition, offset=position,
            )  # fmt: skip
            self._positions.set_aside(self._kafka, partition, LOST_PLACE_RETRY_S)

    def _take_all(self, kafka: KafkaConsumer, polled: Mapping[TopicPartition, Sequence[Any]]) -> None:
        end = time.monotonic() + LONGEST_ROUND_S
        for partition, records in polled.items():
            place = 0
            while place < len(records):
                if self._stopping.is_set():
                    return
                if time.monotonic() > end:
                    kafka.seek(partition, records[place].offset)
                    break
                place += self._take_some(partition, records[place:])

    def _take_some(self, partition: TopicPartition, records: Sequence[Any]) -> int:
        """Take the first records: several in one transaction where that goes, otherwise one. How many are done with."""
        position = self._positions.of(partition)
        if position is not None and records[0].offset >= position and partition not in self._careful:
            declared = [place for place, record in enumerate(records) if self._declared(record)]
            outcomes = self._batches.take([records[place] for place in declared], position)
            if outcomes:
                done = declared[len(outcomes) - 1] + 1
                self._note(partition, records[done - 1], outcomes)
                metrics.event_skipped(self.id, done - len(outcomes))
                return done
        self._take(partition, records[0])
        return 1

    def _take(self, partition: TopicPartition, record: Any) -> None:
        position = self._positions.of(partition)
        if position is None or record.offset < position:
            return
        if not self._declared(record):
            self._positions.skip(partition, record.offset + 1)
            metrics.event_skipped(self.id)
            return
        outcome = self._insist(record, position, self._crashes(partition, record))
        if outcome is not None:
            self._note(partition, record, [outcome])

    def _note(self, partition: TopicPartition, last: Any, outcomes: Sequence[str]) -> None:
        self._positions.moved(partition, last.offset + 1)
        for outcome, events in Counter(outcomes).items():
            metrics.event_in(self.id, outcome, events)

    def _crashes(self, partition: TopicPartition, record: Any) -> int:
        """The first record after an assignment may have taken the last process down: it is counted before the try."""
        left = self._careful.get(partition, 0)
        crashes = 0
        if left == CAREFUL:
            # This process had it in hand before, and is alive: whatever stood in the way, it was not the record.
            anew = self._survived.get(partition) == record.offset
            crashes = self._positions.count_try(partition, record.offset, anew=anew)
            self._survived[partition] = record.offset
        if left > 1:
            self._careful[partition] = left - 1
        else:
            self._careful.pop(partition, None)
        return crashes

    def _insist(self, record: Any, position: int, crashes: int) -> str | None:
        """Take the record, again while something passing stands in the way; None when the process is to stop first."""
        failures = 0
        while not self._stopping.is_set():
            try:
                patient = failures < TRIES_BY_PATIENCE
                return self.taker.take(record, position, crashes=crashes, patient=patient)
            except sa.exc.SQLAlchemyError as error:
                failures += 1
                if not is_passing(error) or not patient:
                    raise
                metrics.retried()
                self._stopping.wait(0.1 * failures)
        return None

    def _declared(self, record: Any) -> bool:
        """False for a type that this consumer does not take. What names no type is taken, and parked."""
        if self.taker.observes:
            return True
        for name, value in record.headers:
            if name == "ce_type":
                return value is None or self.taker.handler(value.decode("utf-8", "replace")) is not None
        return True

    def _note_lags(self, kafka: KafkaConsumer) -> None:
        for partition in self._positions.known():
            # What was fetched last says nothing once nothing is fetched.
            ends = [end for end in (kafka.highwater(partition), self._standstill.end(partition)) if end is not None]
            if ends:
                lag = self._positions.lag(partition, max(ends))
                self.lags[(self.id, partition.topic, partition.partition)] = lag
                metrics.consumer_lag(self.id, partition.topic, partition.partition, lag)


def _subscription(entrypoint: On | OnAny, service: str) -> dict[str, Any]:
    """What kafka-python is asked for: the one topic of `@on`, or all topics of the backbone but the service's own."""
    if entrypoint.observes:
        return {"pattern": rf"egov\.(?!{service}\.)[a-z0-9_]+\.v[0-9]+$"}
    return {"topics": [cast("On", entrypoint).topic]}


class _Listener(ConsumerRebalanceListener):
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._consumer.adopt(assigned)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._consumer.leave(revoked)
