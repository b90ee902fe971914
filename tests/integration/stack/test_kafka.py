import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from deploy.kafka import topics
from deploy.local import parts, pki
from deploy.local.kafka import Kafka
from deploy.local.stack import Stack

# The topic of a service that nobody consumes, so that what the tests write there is nobody's event.
QUIET = "egov.notification.v1"


@pytest.fixture
def server(stack: Stack) -> Kafka:
    assert stack.kafka is not None
    return stack.kafka


@pytest.fixture
def consumer_of(stack: Stack) -> Iterator[Any]:
    opened = []

    def make(name: str, **more: Any) -> KafkaConsumer:
        opened.append(KafkaConsumer(**options(stack, name), enable_auto_commit=False, **more))
        return opened[-1]

    yield make
    for consumer in opened:
        consumer.close()


def options(stack: Stack, name: str, identity: pki.Identity | None = None) -> dict[str, Any]:
    assert stack.kafka is not None
    settings = stack.kafka.settings(identity or stack.identities.workload(name))
    return {option: settings[key] for option, key in topics.CLIENT_KEYS.items()}


def write(stack: Stack, name: str, topic: str) -> tuple[int, int, bytes]:
    """Write one record as `name`; partition, offset and value."""
    value = uuid.uuid4().bytes
    producer = KafkaProducer(**options(stack, name), acks="all", enable_idempotence=True, max_block_ms=20_000)
    try:
        written = producer.send(topic, value).get(20)
        return written.partition, written.offset, value
    finally:
        producer.close(timeout=5)


def test_a_service_writes_its_own_topic_and_no_other(stack: Stack) -> None:
    for name in parts.names():
        for other in set(parts.names()) - {name}:
            with pytest.raises(TopicAuthorizationFailedError):
                write(stack, name, f"egov.{other}.v1")
    assert write(stack, "notification", QUIET)[1] >= 0


def test_a_topic_is_read_by_those_it_names(stack: Stack, consumer_of: Any) -> None:
    partition, offset, value = write(stack, "notification", QUIET)
    place = TopicPartition(QUIET, partition)
    reader = consumer_of("collector")
    reader.assign([place])
    reader.seek(place, offset)
    assert [record.value for record in reader.poll(timeout_ms=20_000)[place]] == [value]
    # A consumer without the right would wait for ever; the broker's own answer says why.
    refused = TopicAuthorizationFailedError.errno
    for topic in topics.read_topics():
        readers = {topic.writer, *topic.readers, "collector"}
        told = {name: seen(stack, name, topic.name) for name in {*parts.names(), "collector", "gateway"}}
        assert told == {name: 0 if name in readers else refused for name in told}


def seen(stack: Stack, name: str, topic: str) -> int:
    """The broker's answer, an error code, when `name` asks for a topic."""
    client = topics.admin_client(server_settings(stack, name))
    (described,) = client.describe_topics([topic])
    client.close()
    return int(described["error_code"])


def test_a_group_belongs_to_the_service_it_begins_with(stack: Stack, consumer_of: Any) -> None:
    stranger = consumer_of("notification", group_id="grid.other")
    stranger.subscribe(["egov.grid.v1"])
    with pytest.raises(GroupAuthorizationFailedError):
        for _ in range(40):
            stranger.poll(timeout_ms=500)


def test_nobody_makes_topics_but_the_administrator(stack: Stack) -> None:
    client = topics.admin_client(server_settings(stack, "grid"))
    with pytest.raises(KafkaError, match="AuthorizationFailed"):
        client.create_topics({"egov.own.v1": {"num_partitions": 1, "replication_factor": 1}})
    client.close()


def server_settings(stack: Stack, name: str) -> dict[str, str]:
    assert stack.kafka is not None
    return stack.kafka.settings(stack.identities.workload(name))


def test_a_member_system_is_no_client_of_kafka(stack: Stack, server: Kafka) -> None:
    member = stack.identities.member_identity("grid")
    with pytest.raises(KafkaError):
        topics.admin_client(server.settings(member), timeout_ms=2000)


def test_the_topics_are_those_of_the_file_and_applying_them_again_changes_nothing(server: Kafka) -> None:
    wanted = topics.read_topics()
    server.provision()
    client = server.admin()
    described = {topic["name"]: len(topic["partitions"]) for topic in client.describe_topics([t.name for t in wanted])}
    client.close()
    assert described == {topic.name: topic.partitions for topic in wanted}


def test_what_was_acknowledged_is_there_after_a_kill(stack: Stack, consumer_of: Any) -> None:
    partition, offset, value = write(stack, "notification", QUIET)
    stack.kill_part("kafka")
    stack.start_part("kafka")
    reader, place = consumer_of("collector"), TopicPartition(QUIET, partition)
    reader.assign([place])
    reader.seek(place, offset)
    assert [record.value for record in reader.poll(timeout_ms=20_000)[place]] == [value]
