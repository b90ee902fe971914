"""While Kafka is away calls are answered as always; when it is back everything goes out at once, and in order."""

from __future__ import annotations

import grpc

from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World
from tests.waiting import wait_for

BACK_WITHIN_S = 10


def test_calls_go_on_and_events_wait_for_kafka(world: World) -> None:
    kafka = world.servers.kafka.child
    with world.process("rpc", "events"):
        incident = str(uuid7())
        assert world.grant(incident).status is grpc.StatusCode.OK
        wait_for("the first is out", lambda: world.outbox() == 0)
        world.close()
        kafka.kill()
        for _ in range(20):
            assert world.grant().status is grpc.StatusCode.OK
        key = str(uuid7())
        world.record(*(world.ended(key, version) for version in range(1, 4)))
        wait_for("the relay tried", lambda: world.outbox() == 23)
        world.servers.start(kafka)
        wait_for("all is out", lambda: world.outbox() == 0, within_s=BACK_WITHIN_S)
        world.close_incident(incident)
        wait_for("the consumer is back", lambda: world.value("SELECT count(*) FROM permit WHERE ended") == 1)
    published = world.published()
    assert [each.headers["ce_aggregateversion"] for each in published if each.key == key] == ["1", "2", "3"]
    assert len(published) == 25
    world.close()


def test_a_process_starts_without_kafka_and_finds_it_later(world: World) -> None:
    kafka = world.servers.kafka.child
    world.close()
    kafka.kill()
    with world.process("rpc", "events"):
        incident = str(uuid7())
        assert world.grant(incident).status is grpc.StatusCode.OK
        world.servers.start(kafka)
        wait_for("it is out", lambda: world.outbox() == 0, within_s=BACK_WITHIN_S)
        world.close_incident(incident)
        wait_for("the consumer is there", lambda: world.value("SELECT count(*) FROM permit WHERE ended") == 1)
    world.close()
