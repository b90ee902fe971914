"""A consumer's place in its topics: nothing is skipped or doubled, whoever else consumes beside it."""

from __future__ import annotations

from typing import Any

import pytest
from kafka.errors import CoordinatorNotAvailableError

from services.chassis import consumers, metrics, standstill
from services.chassis.consumers import Consumers
from services.chassis.entrypoints import END, on
from services.chassis.positions import Fenced
from services.chassis.taking import Taker
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import CLOSED, World, event_call
from tests.integration.chassis.servers import GRID_TOPIC
from tests.waiting import wait_for


class Taken:
    """A handler that keeps what it is given."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, service: Any, event: Any, call: Any) -> None:
        service.uow.connection.exec_driver_sql("SELECT 1")
        self.keys.append(event.incident_id)


def positions(world: World) -> dict[int, int]:
    return dict(world.sql("SELECT partition, next_offset FROM chassis.consumer_position WHERE consumer = %s", CLOSED))


def ends(world: World) -> dict[int, int]:
    return {part.partition: end for part, end in world.ends().items() if part.topic == GRID_TOPIC}


def test_events_are_taken_once_and_in_order_and_positions_follow(world: World) -> None:
    taken = Taken()
    keys = [str(uuid7()) for _ in range(30)]
    for key in keys:
        world.close_incident(key)
    with world.running("events", service=world.variant(**event_call(world, taken))):
        wait_for("all are taken", lambda: len(taken.keys) == 30)
        wait_for("positions are at the end", lambda: positions(world) == ends(world))
    assert sorted(taken.keys) == sorted(keys)
    assert list(world.inbox().values()) == ["taken"] * 30


def test_a_new_consumer_begins_at_the_end_when_it_says_so(world: World) -> None:
    world.sql("DELETE FROM chassis.consumer_position")
    taken = Taken()
    members = event_call(world, taken)
    members["incident_closed"].nameko_entrypoints.clear()
    members["incident_closed"] = on(world.permits.grid.IncidentClosed, id=CLOSED, start=END)(members["incident_closed"])
    world.close_incident(str(uuid7()))
    with world.running("events", service=world.variant(**members)):
        wait_for("positions are known", lambda: positions(world) == ends(world))
        assert taken.keys == []
        world.close_incident(late := str(uuid7()))
        wait_for("the later one is taken", lambda: taken.keys == [late])


def test_a_new_consumer_begins_at_the_beginning_when_it_says_so(world: World) -> None:
    world.sql("DELETE FROM chassis.consumer_position")
    world.close_incident(str(uuid7()))
    with world.running("events"):
        wait_for("positions are at the end", lambda: positions(world) == ends(world))
    all_ever = world.records({part: 0 for part in world.ends() if part.topic == GRID_TOPIC})
    assert set(world.inbox()) == {record.headers["ce_id"] for record in all_ever}


def test_what_was_sent_twice_is_taken_once(world: World) -> None:
    taken = Taken()
    key, id = str(uuid7()), str(uuid7())
    with world.running("events", service=world.variant(**event_call(world, taken))):
        world.close_incident(key, ce_id=id)
        world.close_incident(key, ce_id=id)
        wait_for("positions are at the end", lambda: positions(world) == ends(world))
    assert taken.keys == [key]
    assert world.inbox() == {id: "taken"}


def test_types_that_are_not_declared_are_skipped_and_the_position_moves_on(world: World) -> None:
    taken = Taken()
    before = metrics.REGISTRY.get_sample_value("egov_events_skipped_total", {"consumer": CLOSED}) or 0
    for _ in range(3):
        world.close_incident(str(uuid7()), ce_type="egov.grid.v1.IncidentFiled")
    with world.running("events", service=world.variant(**event_call(world, taken))):
        wait_for("positions are at the end", lambda: positions(world) == ends(world))
    assert taken.keys == [] and world.inbox() == {}
    assert metrics.REGISTRY.get_sample_value("egov_events_skipped_total", {"consumer": CLOSED}) == before + 3


def test_two_consumers_share_the_partitions_without_a_gap_or_a_double(world: World) -> None:
    one, two = Taken(), Taken()
    keys = [str(uuid7()) for _ in range(120)]
    with world.running("events", service=world.variant(**event_call(world, one))):
        for key in keys[:60]:
            world.close_incident(key)
        wait_for("the first has begun", lambda: one.keys)
        with world.running("events", service=world.variant(**event_call(world, two))):
            wait_for("both have partitions", lambda: assigned(world) == 2)
            for key in keys[60:]:
                world.close_incident(key)
            wait_for("all are taken", lambda: len(world.inbox()) == 120)
        # The one that stays takes over what the other had.
        world.close_incident(last := str(uuid7()))
        wait_for("it goes on alone", lambda: last in one.keys)
    assert sorted([*one.keys, *two.keys]) == sorted([*keys, last])
    assert one.keys and two.keys


def assigned(world: World) -> int:
    """Members of the group that have partitions, as the broker sees it."""
    client = world.servers.kafka.admin()
    try:
        group = client.describe_groups([f"permits.{CLOSED}"])[f"permits.{CLOSED}"]
        return sum(1 for member in group["members"] if member["member_assignment"])
    except CoordinatorNotAvailableError:
        # Nobody has asked for a group before.
        return 0
    finally:
        client.close()


def test_a_zombie_is_fenced_by_the_position(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process still has a record in hand that another one took, as after a rebalance that it did not notice."""
    taken = Taken()
    seen: list[tuple[Taker, Any, int]] = []

    class Watching(Taker):
        def take(self, record: Any, expected: int, **more: Any) -> str:
            seen.append((self, record, expected))
            return super().take(record, expected, **more)

    monkeypatch.setattr(consumers, "Taker", Watching)
    with world.running("events", service=world.variant(**event_call(world, taken))):
        world.close_incident(key := str(uuid7()))
        wait_for("it is committed", lambda: world.inbox())
        taker, record, expected = seen[0]
        with pytest.raises(Fenced):
            taker.take(record, expected)
    assert taken.keys == [key]


def test_a_position_that_the_topic_no_longer_holds_stops_only_its_partition(world: World) -> None:
    taken = Taken()
    key = str(uuid7())
    world.close_incident(key)
    lost = next(part for part, end in ends(world).items() if positions(world)[part] != end)
    world.sql("UPDATE chassis.consumer_position SET next_offset = 99999 WHERE partition = %s", lost)
    with world.running("events", service=world.variant(**event_call(world, taken))):
        others = [str(uuid7()) for _ in range(12)]
        for each in others:
            world.close_incident(each)
        moved = {part: end for part, end in ends(world).items() if part != lost}
        wait_for("the other partitions go on", lambda: positions(world) == {lost: 99999} | moved)
        assert key not in taken.keys


def test_a_client_that_stands_still_is_replaced_and_its_lag_is_told_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standstill, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(standstill, "LOOKS", 10)
    taken = Taken()
    with world.running("events", service=world.variant(**event_call(world, taken))) as container:
        consumers = container.shared_extensions[Consumers]
        [reader] = [each for each in consumers._consumers if each.id == CLOSED]
        wait_for("the consumer reads", lambda: len(reader._positions.known()) == len(ends(world)))
        stuck = reader._kafka
        # As good as any way in which a client may be stuck: it polls, it is a member, and it fetches nothing.
        stuck.pause(*stuck.assignment())
        world.close_incident(key := str(uuid7()))
        wait_for("the lag is known", lambda: sum(consumers.lags().values()) == 1)
        assert taken.keys == []
        wait_for("a new client takes it", lambda: taken.keys == [key])
        assert reader._kafka is not stuck
