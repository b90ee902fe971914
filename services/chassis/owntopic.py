"""What a service published, read back: which events of its own does its log of record not know?

The rule. `chassis.published` says for each partition up to which record everything is in the log: the relay writes it
behind what Kafka acknowledged, about once a second, and publishes only what was committed. It goes back with the
database. So whatever a database forgot by being set back, and others may have seen, stands behind these marks, and one
event there that the log lacks proves it. The last record of a partition would not do: an event that was committed
early may be published late. No clock is asked, no number of records is guessed, and usually nothing but the ends of
the partitions is read. Without marks (a new database, or one of the release before) the whole topic is read. A
partition that ends before its mark was lost and made anew; it is read from its beginning.

What was lost before it was published has left no trace outside the database but the answers that callers hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from services.chassis.envelope import BadEnvelope, Envelope, belongs, open_envelope, text_of
from services.chassis.leftovers import sweep

ANSWER_MS = 5000
CONNECT_MS = 2000
RECORDS = 1000

MARKS = sa.text("SELECT partition, next_offset FROM chassis.published")
# Set, not raised: a partition that was lost and made anew begins at 0.
MARK = sa.text(
    "INSERT INTO chassis.published (partition, next_offset) VALUES (:partition, :next)"
    " ON CONFLICT (partition) DO UPDATE SET next_offset = excluded.next_offset"
)
LOGGED = sa.text("SELECT event_id FROM chassis.event_log WHERE event_id = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class Unlogged:
    """An event of the service itself that stands on its topic and not in its log."""

    id: UUID
    envelope: Envelope
    headers: Mapping[str, str]
    body: bytes


class OwnTopic:
    """The service's topic, open for reading; a context manager. Everything raises KafkaError while Kafka is away."""

    def __init__(self, config: Mapping[str, Any], topic: str) -> None:
        self._topic = topic
        self._kafka = KafkaConsumer(
            **config,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            request_timeout_ms=ANSWER_MS,
            reconnect_backoff_max_ms=500,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._kafka.close(autocommit=False, timeout_ms=CONNECT_MS)
        del self._kafka
        sweep()

    def ends(self) -> dict[int, int]:
        """The offset behind the last record, by partition."""
        # Asked first: this waits for Kafka only so long, the partitions of a topic that is not known yet without end.
        self._kafka.end_offsets([TopicPartition(self._topic, 0)], timeout_ms=CONNECT_MS)
        numbers = self._kafka.partitions_for_topic(self._topic)
        if not numbers:
            raise UnknownTopicOrPartitionError(self._topic)
        places = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        return {place.partition: end for place, end in self._kafka.end_offsets(places, timeout_ms=ANSWER_MS).items()}

    def unlogged(
        self, connection: sa.Connection, marks: Mapping[int, int], ends: Mapping[int, int]
    ) -> Iterator[Unlogged]:
        """The events between `marks` and `ends` that the log lacks, in each partition's order.

        One that was sent twice comes twice. Ask for the marks first: the relay of another process may be at work.
        """
        for records in self._behind(marks, ends):
            own = [event for record in records if (event := _own(record, self._topic)) is not None]
            known = set(connection.execute(LOGGED, {"ids": [event.id for event in own]}).scalars()) if own else set()
            yield from (event for event in own if event.id not in known)

    def _behind(self, marks: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[Sequence[Any]]:
        behind = {TopicPartition(self._topic, number): end for number, end in ends.items() if marks.get(number) != end}
        if not behind:
            return
        begins = self._kafka.beginning_offsets(list(behind), timeout_ms=ANSWER_MS)
        self._kafka.assign(list(behind))
        for place, end in behind.items():
            mark = marks.get(place.partition, 0)
            self._kafka.seek(place, max(begins[place], mark if mark < end else 0))
        while any(self._kafka.position(place) < end for place, end in behind.items()):
            polled = self._kafka.poll(timeout_ms=ANSWER_MS, max_records=RECORDS)
            if not polled:
                raise KafkaTimeoutError
            for place, records in polled.items():
                yield [record for record in records if record.offset < behind[place]]


def marks_of(connection: sa.Connection) -> dict[int, int]:
    """Up to where all of the own topic is in the log, by partition."""
    return {row.partition: row.next_offset for row in connection.execute(MARKS)}


def mark(connection: sa.Connection, offsets: Mapping[int, int]) -> None:
    """Note, by partition, that all of the own topic before these offsets is in the log."""
    connection.execute(MARK, [{"partition": number, "next": offset} for number, offset in sorted(offsets.items())])


def _own(record: Any, topic: str) -> Unlogged | None:
    """A record as an event of this service; None for what no relay of ours can have written."""
    try:
        envelope = open_envelope(record.headers)
        id = UUID(envelope.id)
    except (BadEnvelope, ValueError):
        return None
    if not belongs(envelope, topic):
        return None
    headers = {name: text_of(value) for name, value in record.headers if name != "traceparent"}
    return Unlogged(id, envelope, headers, record.value or b"")
