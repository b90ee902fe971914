"""A topic is deleted: its consumers wait, and two commands bring back every event, once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.kafka.topics import apply
from services.chassis import consumer, reposition, republish
from services.chassis.entrypoints import BEGINNING, on
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World
from tests.integration.chassis.servers import OWN_TOPIC, SERVICE, topic
from tests.waiting import wait_for

Taken = list[tuple[str, int]]


def reading(world: World, **consumers: Taken) -> type:
    """The service, with consumers of its own topic that keep what they take."""

    def member(id: str, taken: Taken) -> Any:
        def handle(self: Any, event: Any, call: Any) -> None:
            taken.append((event.permit_id, event.version))

        handle.__name__ = id
        return on(world.permits.events.PermitEnded, id=id, start=BEGINNING)(handle)

    return world.variant(**{id: member(id, taken) for id, taken in consumers.items()})


def at_the_end(world: World, id: str) -> bool:
    """Whether a consumer has taken all that the topic holds."""
    ends = {part.partition: end for part, end in world.ends().items() if part.topic == OWN_TOPIC}
    where = "SELECT partition, next_offset FROM chassis.consumer_position WHERE consumer = %s"
    return dict(world.sql(where, id)) == ends


def delete(world: World) -> None:
    client = world.servers.kafka.admin()
    client.delete_topics([OWN_TOPIC])
    wait_for("the topic is gone", lambda: OWN_TOPIC not in client.list_topics())
    client.close()


def make(world: World) -> None:
    client = world.servers.kafka.admin()
    apply(client, [topic(OWN_TOPIC, SERVICE, SERVICE)])
    client.close()


@pytest.fixture
def own_world(world: World) -> Iterator[World]:
    """What other tests know of the topic is forgotten with it."""
    yield world
    world.close()


def test_a_deleted_topic_is_published_again_and_taken_once_and_in_order(
    own_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(consumer, "LOST_PLACE_RETRY_S", 0.2)
    world, old, new = own_world, Taken(), Taken()
    keys = [str(uuid7()) for _ in range(3)]
    world.record(*(world.ended(key, version) for version in range(1, 5) for key in keys))
    with world.running("events", service=reading(world, old=old)):
        wait_for("all is out", lambda: world.outbox() == 0)
        # The topic holds what other tests published, too.
        wait_for("all are taken", lambda: at_the_end(world, "old"))
        taken_before = list(old)
    delete(world)
    world.record(world.ended(keys[0], 5), world.ended(keys[0], 6))
    assert republish.main([SERVICE, "--type", "egov.permits.v1.PermitEnded"], world.environment()) == 0
    assert world.outbox() == 14
    make(world)
    # Also a position that the new topic holds must not be taken for one of its own.
    world.sql("UPDATE chassis.consumer_position SET next_offset = 0 WHERE topic = %s", OWN_TOPIC)
    with world.running("events", service=reading(world, old=old, new=new)):
        wait_for("all is out", lambda: world.outbox() == 0)
        wait_for("they wait for a person", lambda: "the topic does not hold the position" in caplog.text)
        assert (old, new) == (taken_before, [])
        assert reposition.main([SERVICE, "--topic", OWN_TOPIC, "--to", "beginning"], world.environment()) == 0
        wait_for("the newcomer has all", lambda: len(new) == 14)
        wait_for("the other has what it lacked", lambda: len(old) == len(taken_before) + 2)
    assert old[len(taken_before) :] == [(keys[0], 5), (keys[0], 6)]
    for key in keys:
        versions = [version for taken, version in new if taken == key]
        assert versions == list(range(1, 7 if key == keys[0] else 5))


def test_a_dry_run_says_what_it_would_do_and_what_is_too_old(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.record(world.ended(str(uuid7())), world.ended(str(uuid7())))
    world.sql("DELETE FROM chassis.outbox")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for arguments, found in (([], 2), (["--from", tomorrow], 0), (["--case", "371102-20261123-6000427-X"], 0)):
        assert republish.main([SERVICE, "--dry-run", *arguments], world.environment()) == 0
        assert f"{found:>10}  events to egov.permits.v1" in capsys.readouterr().out
    assert world.outbox() == 0
    with pytest.MonkeyPatch.context() as later:
        later.setattr(republish, "OLDEST", timedelta(days=-1))
        assert republish.main([SERVICE], world.environment()) == 0
    assert "2  events are left out" in capsys.readouterr().out
    assert world.outbox() == 0
