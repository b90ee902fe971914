"""A client of Kafka that stands still: the topic holds more, and nothing comes of it.

A client keeps much to itself: its membership, its leaders, its fetch sessions, what it has fetched and put by. When
brokers die in the wrong moment it can get stuck in any of that, without an error, for as long as the process lives. So
it is asked for the ends of its partitions from time to time, which is another way to the broker than fetching. One of
which nothing is heard for half a minute, no record though there are some, or not even its end, is read by a new client.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Protocol

from kafka import TopicPartition
from kafka.errors import KafkaError

LOOK_EVERY_S = 10.0
LOOKS = 4
ANSWER_MS = 1000
# Longer than a rebalance may wait for members that are at work: `consumer.MOST_BETWEEN_POLLS_MS`.
JOIN_WITHIN_S = 150.0


class StandsStill(KafkaError):
    """Nothing was heard of Kafka for too long. A KafkaError, since the answer is the same: a new client."""


class Ends(Protocol):
    """What is asked of a client of Kafka."""

    def end_offsets(self, partitions: list[TopicPartition], timeout_ms: int) -> Mapping[TopicPartition, int]:
        """The offset behind the last record of each. Raises KafkaError."""
        ...


class Standstill:
    """Looks after one client of Kafka, from its making on."""

    def __init__(self) -> None:
        self._joining_since: float | None = time.monotonic()
        self._look_at = time.monotonic() + LOOK_EVERY_S
        self._looks: dict[TopicPartition, tuple[int, int]] = {}
        self._ends: Mapping[TopicPartition, int] = {}

    def joined(self) -> None:
        """The group has assigned partitions to the client, or told it that there are none for it."""
        self._joining_since = None

    def left(self) -> None:
        """The client's partitions were taken from it; it will join anew."""
        self._joining_since = time.monotonic()

    def heard_of(self, partitions: Iterable[TopicPartition]) -> None:
        """Records of these partitions have come."""
        for partition in partitions:
            self._looks.pop(partition, None)

    def end(self, partition: TopicPartition) -> int | None:
        """The end of the partition as of the last look, if it was told then."""
        return self._ends.get(partition)

    def look(self, kafka: Ends, places: Mapping[TopicPartition, int]) -> None:
        """Look, if it is time. `places` says what comes next in each partition that is read. Raises StandsStill."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        if self._joining_since is not None and now - self._joining_since > JOIN_WITHIN_S:
            raise StandsStill("not a member of its group")
        self._ends = _ends(kafka, places)
        behind = {part: place for part, place in places.items() if self._ends.get(part, place + 1) > place}
        self._looks = {part: (place, self._looks_at(part, place) + 1) for part, place in behind.items()}
        if any(looks >= LOOKS for _, looks in self._looks.values()):
            raise StandsStill("nothing is heard of a partition")

    def _looks_at(self, partition: TopicPartition, place: int) -> int:
        """How often the partition was found behind at this place."""
        before, looks = self._looks.get(partition, (place, 0))
        return looks if before == place else 0


def _ends(kafka: Ends, places: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
    try:
        return kafka.end_offsets(list(places), timeout_ms=ANSWER_MS) if places else {}
    except KafkaError:
        return {}
