"""A client of Kafka of which nothing is heard is told from one that has nothing to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError

from services.chassis import standstill
from services.chassis.standstill import StandsStill, Standstill

PART, OTHER = TopicPartition("egov.grid.v1", 0), TopicPartition("egov.grid.v1", 1)


class Topic:
    """What a client would say of the ends; None: it does not answer."""

    def __init__(self, **ends: int) -> None:
        self.ends: Mapping[TopicPartition, int] | None = {PART: ends.get("part", 5), OTHER: ends.get("other", 5)}
        self.asked = 0

    def end_offsets(self, partitions: list[TopicPartition], timeout_ms: int) -> Mapping[TopicPartition, int]:
        self.asked += 1
        if self.ends is None:
            raise KafkaTimeoutError
        return {partition: self.ends[partition] for partition in partitions}


@pytest.fixture(autouse=True)
def always_time_to_look(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(standstill, "LOOK_EVERY_S", 0.0)
    yield


@pytest.fixture
def client() -> Standstill:
    """One that has joined its group."""
    made = Standstill()
    made.joined()
    return made


def looks(client: Standstill, topic: Topic, count: int, **places: int) -> None:
    for _ in range(count):
        client.look(topic, {PART: places.get("part", 5), OTHER: places.get("other", 5)})


def test_at_the_end_there_is_nothing_to_hear(client: Standstill) -> None:
    looks(client, Topic(), 3 * standstill.LOOKS)
    assert client.end(PART) == 5


def test_a_partition_that_stays_behind_with_nothing_heard_stands_still(client: Standstill) -> None:
    topic = Topic(part=6)
    looks(client, topic, standstill.LOOKS - 1)
    with pytest.raises(StandsStill):
        looks(client, topic, 1)


def test_other_partitions_do_not_hide_it(client: Standstill) -> None:
    topic = Topic(part=6, other=900)
    with pytest.raises(StandsStill):
        for place in range(standstill.LOOKS):
            client.heard_of([OTHER])
            looks(client, topic, 1, other=place)


def test_one_that_moves_or_is_heard_of_does_not_stand_still(client: Standstill) -> None:
    topic = Topic(part=900, other=900)
    for place in range(3 * standstill.LOOKS):
        client.heard_of([OTHER])
        looks(client, topic, 1, part=place, other=0)


def test_a_client_that_does_not_even_know_the_end_stands_still(client: Standstill) -> None:
    topic = Topic()
    topic.ends = None
    with pytest.raises(StandsStill):
        looks(client, topic, standstill.LOOKS)
    assert client.end(PART) is None


def test_without_partitions_nothing_is_asked(client: Standstill) -> None:
    topic = Topic()
    for _ in range(3 * standstill.LOOKS):
        client.look(topic, {})
    assert topic.asked == 0


def test_it_is_not_looked_more_often_than_it_is_time(client: Standstill, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic()
    monkeypatch.setattr(standstill, "LOOK_EVERY_S", 60.0)
    looks(client, topic, 5)
    assert topic.asked == 1


def test_one_that_never_joins_its_group_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standstill, "JOIN_WITHIN_S", -1.0)
    with pytest.raises(StandsStill):
        Standstill().look(Topic(), {})


def test_one_that_has_left_must_join_again_and_may_have_no_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standstill, "JOIN_WITHIN_S", -1.0)
    client = Standstill()
    client.joined()
    client.look(Topic(), {})
    client.left()
    with pytest.raises(StandsStill):
        client.look(Topic(), {})
