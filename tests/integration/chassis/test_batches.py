"""Events that lie at hand together become true together, and one that cannot be taken costs no other its effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.chassis import batches, consumer
from services.chassis.batches import Batches
from services.chassis.positions import Fenced
from services.kernel.errors import Kind, NotYet, Refusal
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World, event_call
from tests.waiting import wait_for

MANY = 40


class Effects:
    """A handler whose effect is a row and an event, so that what was undone is not there. `fails`: by key."""

    def __init__(self, world: World, **fails: Exception) -> None:
        self.world, self.fails = world, fails

    def __call__(self, service: Any, event: Any, call: Any) -> None:
        statement = "INSERT INTO effect (event_id, key, version) VALUES (%s, %s, %s)"
        service.uow.connection.exec_driver_sql(statement, (call.event_id, event.incident_id, event.version))
        service.uow.record(self.world.ended(call.event_id))
        if (error := self.fails.get(event.incident_id)) is not None:
            raise error


@pytest.fixture(autouse=True)
def effects(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table of effects; and batches from the second event on."""
    monkeypatch.setattr(consumer, "CAREFUL", 1)
    world.sql("CREATE TABLE effect (event_id text NOT NULL, key text NOT NULL, version bigint NOT NULL)", owner=True)
    world.sql("GRANT SELECT, INSERT ON effect TO permits", owner=True)
    yield
    world.sql("DROP TABLE effect", owner=True)


def close_many(world: World, key: str, count: int = MANY) -> list[str]:
    """Events of one key, and so of one partition; their ids."""
    return [world.close_incident(key, version) for version in range(1, count + 1)]


def had_effect(world: World) -> list[str]:
    return [id for (id,) in world.sql("SELECT event_id FROM effect ORDER BY version")]


def transactions(world: World) -> int:
    """In how many transactions the events of the inbox were taken."""
    return int(world.value("SELECT count(DISTINCT xmin::text) FROM chassis.inbox"))


def test_events_at_hand_are_taken_in_few_transactions_in_order_and_once(world: World) -> None:
    ids = close_many(world, str(uuid7()))
    with world.running("events", service=world.variant(**event_call(world, Effects(world)))):
        wait_for("all are taken", lambda: len(world.inbox()) == MANY)
        wait_for("what they record goes out", lambda: world.outbox() == 0)
    assert world.inbox() == dict.fromkeys(ids, "taken")
    assert had_effect(world) == ids
    assert transactions(world) < MANY / 4
    assert sorted(each.key for each in world.published()) == sorted(ids)


def test_one_that_is_refused_has_its_outcome_and_the_others_their_effect(world: World) -> None:
    keys = [str(uuid7()) for _ in range(MANY)]
    ids = [world.close_incident(key, version) for version, key in enumerate(keys, 1)]
    refused = ids[7]
    effects = Effects(world, **{keys[7]: Refusal("PERMIT_ENDED", Kind.FAILED_STATE)})
    with world.running("events", service=world.variant(**event_call(world, effects))):
        wait_for("all have an outcome", lambda: len(world.inbox()) == MANY)
    assert {id: outcome for id, outcome in world.inbox().items() if outcome != "taken"} == {refused: "refused"}
    assert had_effect(world) == [id for id in ids if id != refused]
    assert [fact["eventId"] for fact in world.facts("EventRefused")] == [refused]


def test_a_key_that_is_held_waits_while_others_of_its_partition_go_on(world: World) -> None:
    held = str(uuid7())
    with world.running(
        "events", service=world.variant(**event_call(world, Effects(world, **{held: NotYet("NOT_HERE")})))
    ):
        world.close_incident(held, 1)
        wait_for("it is held", lambda: [row[:2] for row in world.kept()] == [("DEFERRED", "NOT_HERE")])
    world.sql("UPDATE chassis.parked_event SET state = 'PARKED'")
    others = [world.close_incident(str(uuid7()), number + 2) for number in range(MANY)]
    behind = [world.close_incident(held, version) for version in range(2, 6)]
    more = [world.close_incident(str(uuid7()), number + MANY + 2) for number in range(MANY)]
    with world.running("events", service=world.variant(**event_call(world, Effects(world)))):
        wait_for("all have an outcome", lambda: len(world.inbox()) == 1 + 2 * MANY + len(behind))
    assert [row[:2] for row in world.kept()] == [("PARKED", "NOT_HERE"), *[("WAITING", "BEHIND_ANOTHER")] * 4]
    assert had_effect(world) == [*others, *more]


def test_what_was_sent_twice_is_taken_once_in_one_batch_or_in_two(world: World) -> None:
    key = str(uuid7())
    ids = [str(uuid7()) for _ in range(MANY)]
    for id in [*ids, *ids]:
        world.close_incident(key, ids.index(id) + 1, ce_id=id)
    with world.running("events", service=world.variant(**event_call(world, Effects(world)))):
        wait_for("all are taken", lambda: len(world.inbox()) == MANY)
        world.close_incident(key, MANY + 1)
        wait_for("the next, too", lambda: len(world.inbox()) == MANY + 1)
    assert had_effect(world)[:MANY] == ids and len(had_effect(world)) == MANY + 1


def test_a_process_that_dies_in_a_batch_leaves_nothing_of_it_and_loses_nothing(world: World) -> None:
    ids = close_many(world, str(uuid7()), 3 * batches.MOST)
    # Past the events that are taken one by one.
    late = batches.MOST + 2
    with world.process("events", ready=False, EGOV_FAULTPOINTS=f"consumer.before_commit=kill@{late}") as process:
        wait_for("the process was killed", lambda: process.exit_code() == -9)
    world.bury()
    assert set(world.inbox()) < set(ids)
    before = len(world.inbox())
    with world.running("events", service=world.variant(**event_call(world, Effects(world)))):
        wait_for("all are taken", lambda: len(world.inbox()) == len(ids))
    assert had_effect(world) == ids[before:]


def test_a_zombie_with_a_batch_in_hand_is_fenced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, Any, int]] = []

    class Watching(Batches):
        def take(self, records: Any, expected: int) -> list[str]:
            seen.append((self, records, expected))
            return super().take(records, expected)

    monkeypatch.setattr(consumer, "Batches", Watching)
    ids = close_many(world, str(uuid7()))
    with world.running("events", service=world.variant(**event_call(world, Effects(world)))):
        wait_for("all are taken", lambda: len(world.inbox()) == MANY)
        zombie, records, expected = next(each for each in seen if len(each[1]) > 1)
        with pytest.raises(Fenced):
            zombie.take(records, expected)
    assert had_effect(world) == ids


def test_a_handler_that_is_slow_gets_small_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LONGEST_S", 0.0)
    ids = close_many(world, str(uuid7()), 6)
    with world.running("events", service=world.variant(**event_call(world, Effects(world)))):
        wait_for("all are taken", lambda: len(world.inbox()) == len(ids))
    assert transactions(world) == len(ids)
    assert had_effect(world) == ids
