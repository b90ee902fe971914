"""Reads what lies in Kafka: the ends of the topics, and every event between two such ends.

It reads beside the services' consumers, as no group, and commits nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from deploy.local.replaying.facts import FACT_TOPICS, NOTIFICATION_TOPIC, Fact, NoticeFact, fact, notice_fact
from services.chassis.envelope import Envelope, open_envelope

TOPICS = (*FACT_TOPICS, NOTIFICATION_TOPIC)
POLL_MS = 500
SILENT_POLLS = 60  # half a minute without a record that should be there

Ends = Mapping[str, Mapping[int, int]]


class KafkaSilent(Exception):
    """Kafka does not give what its own end offsets promise; the text is one sentence."""


class KafkaLog:
    """A reader of the services' topics, for a `with` statement. `options`: how kafka-python connects."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._consumer = KafkaConsumer(**options, group_id=None, enable_auto_commit=False, client_id="replay")

    def __enter__(self) -> KafkaLog:
        return self

    def __exit__(self, *error: object) -> None:
        self._consumer.close()

    def ends(self) -> dict[str, dict[int, int]]:
        """Offset after the last record, by topic and partition."""
        return {topic: self._ends(topic) for topic in TOPICS}

    def facts(self, since: Ends, until: Ends) -> list[Fact]:
        """The events of all topics but notification's between two ends, with repetitions."""
        return [fact(topic, *record) for topic in FACT_TOPICS for record in self._between(topic, since, until)]

    def notices(self, since: Ends, until: Ends) -> list[NoticeFact]:
        """Notification's events between two ends, with repetitions."""
        return [notice_fact(*record) for record in self._between(NOTIFICATION_TOPIC, since, until)]

    def _ends(self, topic: str) -> dict[int, int]:
        numbers = self._consumer.partitions_for_topic(topic) or set()
        ends = self._consumer.end_offsets([TopicPartition(topic, number) for number in sorted(numbers)])
        return {partition.partition: offset for partition, offset in ends.items()}

    def _between(self, topic: str, since: Ends, until: Ends) -> Iterator[tuple[Envelope, bytes]]:
        """Transactions leave no gaps here: producers are idempotent, not transactional, so every offset is a record."""
        due = {TopicPartition(topic, number): end for number, end in until[topic].items()}
        starts = {partition: since[topic].get(partition.partition, 0) for partition in due}
        open_ones = {partition for partition, end in due.items() if starts[partition] < end}
        self._consumer.assign(sorted(open_ones))
        for partition in open_ones:
            self._consumer.seek(partition, starts[partition])
        silent = 0
        while open_ones:
            batch = self._consumer.poll(timeout_ms=POLL_MS)
            silent = 0 if batch else silent + 1
            if silent > SILENT_POLLS:
                raise KafkaSilent(f"Kafka holds records of {topic} that it does not give out.")
            for partition, records in batch.items():
                for record in records:
                    if record.offset < due[partition]:
                        yield open_envelope(record.headers), record.value
            open_ones = {p for p in open_ones if self._consumer.position(p) < due[p]}
