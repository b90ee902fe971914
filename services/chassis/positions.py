"""Where one consumer stands in its topics, partition by partition: the rows in its own database, and Kafka's client.

A partition is *new* from its assignment until it was sought to its position; until then it is paused. What is skipped
is written down with the next effect, or after a while. Which topic the rows speak of is written down as well: in one of
the same name that was made anew their numbers mean nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import OffsetOutOfRangeError

from services.chassis import inbox

SKIPS_KEPT = 500
FIRST_POSITION_MS = 5000

KEEP_FIRST = sa.text("INSERT INTO chassis.kept (name, value) VALUES (:name, :id) ON CONFLICT DO NOTHING")
KEPT_TOPIC = sa.text("SELECT value FROM chassis.kept WHERE name = :name")
KEEP_TOPIC = sa.text(
    "INSERT INTO chassis.kept (name, value) VALUES (:name, :id)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = clock_timestamp()"
)


class Fenced(Exception):
    """Another process has taken the partition meanwhile: the position is not where this one left it."""


class Positions:
    """The positions of one consumer. Used by the consumer's thread alone; see `consumer.Consumer`."""

    def __init__(self, engine: sa.Engine, consumer: str, *, from_beginning: bool) -> None:
        self._engine = engine
        self._consumer = consumer
        self._from_beginning = from_beginning
        self._stored: dict[TopicPartition, int] = {}
        self._skipped: dict[TopicPartition, int] = {}
        self._new: dict[TopicPartition, float] = {}
        self._topic_ids: dict[str, str] = {}

    def known(self) -> list[TopicPartition]:
        """Partitions that are read."""
        return list(self._stored)

    def all(self) -> list[TopicPartition]:
        """Partitions that are read, and those that are new."""
        return [*self._stored, *self._new]

    def of(self, partition: TopicPartition) -> int | None:
        """The position as it is written down; None for a partition that is not read now."""
        return self._stored.get(partition)

    def next(self) -> dict[TopicPartition, int]:
        """What comes next in each partition that is read."""
        return self._stored | self._skipped

    def set_aside(self, kafka: KafkaConsumer, partition: TopicPartition, wait_s: float = 0.0) -> None:
        """Read nothing of the partition until it was sought, which is not tried before `wait_s` seconds.

        Asks neither Kafka nor the database. Any position keeps kafka-python from looking for one of its own.
        """
        kafka.pause(partition)
        kafka.seek(partition, 0)
        self.forget(partition)
        self._new[partition] = time.monotonic() + wait_s

    def forget(self, partition: TopicPartition) -> None:
        """The partition is not read here any more."""
        for known in (self._stored, self._skipped, self._new):
            known.pop(partition, None)

    def seek_new(self, kafka: KafkaConsumer) -> int:
        """Read new partitions from where the row says; a new consumer from where its `start` says. How many.

        Raises OffsetOutOfRangeError, behind all others, for those whose rows speak of another topic of that name.
        """
        now = time.monotonic()
        due = [partition for partition, since in self._new.items() if since <= now]
        if not due:
            return 0
        rows = self._rows()
        unknown = [partition for partition in due if partition not in rows]
        if unknown:
            self._write_first(kafka, unknown)
            rows = self._rows()
        same = {topic: self._same_topic(kafka, topic) for topic in {partition.topic for partition in due}}
        for partition in due:
            if same[partition.topic]:
                kafka.seek(partition, rows[partition])
                kafka.resume(partition)
                self._stored[partition] = rows[partition]
                del self._new[partition]
        if lost := {partition: rows[partition] for partition in due if not same[partition.topic]}:
            raise OffsetOutOfRangeError(lost)
        return len(due)

    def replaced(self, kafka: KafkaConsumer) -> bool:
        """A topic that is read was deleted, and there is another of its name: no position counts any more."""
        return any(topic_id(kafka, topic) not in (None, known) for topic, known in self._topic_ids.items())

    def moved(self, partition: TopicPartition, next_offset: int) -> None:
        """The row was advanced, in the transaction of an effect."""
        self._stored[partition] = next_offset
        self._skipped.pop(partition, None)

    def skip(self, partition: TopicPartition, next_offset: int) -> None:
        """Pass over a record. Raises Fenced."""
        self._skipped[partition] = next_offset
        if next_offset - self._stored[partition] >= SKIPS_KEPT:
            self._keep_skips(partition)

    def lag(self, partition: TopicPartition, end: int) -> int:
        """Records behind the end; what was skipped up to the end is written down. Raises Fenced."""
        lag = max(0, end - self._skipped.get(partition, self._stored[partition]))
        if lag == 0 and partition in self._skipped:
            self._keep_skips(partition)
        return lag

    def count_try(self, partition: TopicPartition, offset: int, *, anew: bool) -> int:
        """How often this record was the first in hand after an assignment, this time included; `anew`: from 1 again."""
        facts = self._place(partition, offset=offset, anew=anew)
        with self._engine.begin() as connection:
            return int(connection.execute(inbox.COUNT_TRY, facts).scalar_one())

    def _same_topic(self, kafka: KafkaConsumer, topic: str) -> bool:
        """Whether the rows speak of this topic. The first time it is written down; an old broker does not tell."""
        found = topic_id(kafka, topic)
        if found is None:
            self._topic_ids.pop(topic, None)
            return True
        self._topic_ids[topic] = found
        named = {"name": f"topic {topic}", "id": found}
        with self._engine.begin() as connection:
            connection.execute(KEEP_FIRST, named)
            return bool(connection.execute(KEPT_TOPIC, named).scalar_one() == found)

    def _keep_skips(self, partition: TopicPartition) -> None:
        next_offset = self._skipped.pop(partition)
        place = self._place(partition, expected=self._stored[partition], next=next_offset)
        with self._engine.begin() as connection:
            if connection.execute(inbox.SKIP, place).rowcount == 0:
                raise Fenced
        self._stored[partition] = next_offset

    def _rows(self) -> dict[TopicPartition, int]:
        with self._engine.connect() as connection:
            rows = connection.execute(inbox.POSITIONS, {"consumer": self._consumer}).all()
        return {TopicPartition(row.topic, row.partition): row.next_offset for row in rows}

    def _write_first(self, kafka: KafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Of two processes that find out at the same time, the first decides."""
        find = kafka.beginning_offsets if self._from_beginning else kafka.end_offsets
        firsts: Mapping[TopicPartition, int] = find(list(partitions), timeout_ms=FIRST_POSITION_MS)
        rows = [self._place(partition, offset=offset) for partition, offset in firsts.items()]
        with self._engine.begin() as connection:
            connection.execute(inbox.BEGIN_AT, rows)

    def _place(self, partition: TopicPartition, **more: int) -> dict[str, Any]:
        return {"consumer": self._consumer, "topic": partition.topic, "partition": partition.partition, **more}


def topic_id(kafka: KafkaConsumer, topic: str) -> str | None:
    """What tells a topic from another of its name (KIP-516); None while it is not known, or the broker has none."""
    known = kafka._cluster.topic_id(topic)
    return str(known) if known is not None and known.int else None
