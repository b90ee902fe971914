"""What was stopped is taken over in under 10 s and does no harm when it wakes; a lost connection is given up, too."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import grpc

from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World
from tests.integration.chassis.hole import Hole
from tests.integration.chassis.test_consumer import assigned
from tests.waiting import wait_for

TAKEN_OVER_S = 10


def test_a_stopped_relay_is_taken_over_and_does_no_harm_when_it_wakes(world: World, tmp_path: Path) -> None:
    go = tmp_path / "go"
    key = str(uuid7())
    # Kafka has the event, and the relay has not deleted it yet: the worst moment.
    with world.process("timers", EGOV_FAULTPOINTS=f"relay.after_ack=pause:{go}") as process, world.running("timers"):
        wait_for("the process has the lease", lambda: world.value("SELECT epoch FROM chassis.lease"))
        world.record(*(world.ended(key, version) for version in (1, 2)))
        wait_for("Kafka has the first", lambda: len(world.published()) == 1)
        process.pause()
        wait_for("the other goes on", lambda: world.outbox() == 0, within_s=TAKEN_OVER_S)
        owner = world.value("SELECT owner FROM chassis.lease")
        go.touch()
        process.resume()
        wait_for("it noticed", lambda: any("relay lost its lease" in line for line in process.last_lines()))
        world.record(world.ended(key, 3))
        wait_for("the outbox is empty", lambda: world.outbox() == 0)
        assert world.value("SELECT owner FROM chassis.lease") == owner
    published = [(each.headers["ce_aggregateversion"], each.headers["ce_id"]) for each in world.published()]
    # The first was sent by both, under one id.
    assert [version for version, _ in published] == ["1", "1", "2", "3"]
    assert published[0] == published[1]


def test_a_stopped_consumer_is_taken_over_and_does_no_harm_when_it_wakes(world: World, tmp_path: Path) -> None:
    go = tmp_path / "go"
    fault = f"consumer.before_commit=pause:{go}"
    with world.process("events", EGOV_FAULTPOINTS=fault) as process, world.running("rpc", "events"):
        wait_for("both have partitions", lambda: assigned(world) == 2)
        incidents = [str(uuid7()) for _ in range(12)]
        for incident in incidents:
            assert world.grant(incident).status is grpc.StatusCode.OK
            world.close_incident(incident)
        wait_for("the process has one in hand", lambda: world.sql(UNDECIDED))
        process.pause()
        wait_for("all are taken", lambda: len(world.inbox()) == 12, within_s=TAKEN_OVER_S)
        go.touch()
        process.resume()
        wait_for("both have partitions again", lambda: assigned(world) == 2)
        later = [world.close_incident(str(uuid7())) for _ in range(12)]
        wait_for("it goes on", lambda: set(later) <= set(world.inbox()))
    assert set(world.inbox().values()) == {"taken"}
    # Each permit ended once.
    ended = world.sql("SELECT aggregate_id FROM chassis.event_log WHERE type = 'egov.permits.v1.PermitEnded'")
    assert len(ended) == len(set(ended)) == 12


# A transaction of the service that waits for its process.
UNDECIDED = "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND usename = current_user"


def test_a_database_connection_that_vanished_is_given_up_within_the_call(world: World) -> None:
    url = world.servers.environment()["DATABASE_URL_PERMITS"]
    port = urlsplit(url).port
    assert port is not None
    with Hole(port) as hole, world.running("rpc", DATABASE_URL_PERMITS=url.replace(f":{port}/", f":{hole.port}/")):
        assert world.grant().status is grpc.StatusCode.OK
        hole.swallow()
        incident, key = str(uuid7()), str(uuid7())
        # The call finds out in time, and begins anew with another connection.
        assert world.grant(incident, key=key, timeout=TAKEN_OVER_S).status is grpc.StatusCode.OK
        wait_for("the relay goes on", lambda: world.outbox() == 0, within_s=TAKEN_OVER_S)
    assert world.value("SELECT count(*) FROM permit") == 2
