"""An observer sees the envelopes of all topics, at least once each, without adding anything to what it observes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.kafka.topics import apply
from services.chassis import consumer, telemetry
from services.chassis.entrypoints import BEGINNING, on_any
from services.chassis.envelope import Envelope
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World
from tests.integration.chassis.servers import GRID_TOPIC, IDENTITY_TOPIC, SERVICE, topic
from tests.waiting import wait_for

WATCH = "watch"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MANY = 40


@pytest.fixture(autouse=True)
def seen(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table of what was observed; the observer begins where the topics end now, and with batches."""
    monkeypatch.setattr(consumer, "CAREFUL", 1)
    world.sql("CREATE TABLE seen (event_id text PRIMARY KEY, type text NOT NULL, together int NOT NULL)", owner=True)
    world.sql("GRANT SELECT, INSERT ON seen TO permits", owner=True)
    for part, end in world.ends().items():
        world.sql("INSERT INTO chassis.consumer_position VALUES (%s, %s, %s, %s)", WATCH, *part, end)
    yield
    world.sql("DROP TABLE seen", owner=True)


def watching(
    then: Callable[[Sequence[Envelope]], None] = lambda envelopes: None, *, threads: int = 1
) -> dict[str, Any]:
    """Members of a variant that observes; `then` is done with what is at hand."""

    def watch(self: Any, envelopes: Sequence[Envelope], call: Any) -> None:
        statement = "INSERT INTO seen VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        rows = [(envelope.id, envelope.type, len(envelopes)) for envelope in envelopes]
        self.uow.connection.exec_driver_sql(statement, rows)
        then(envelopes)

    return {"watch": on_any(id=WATCH, start=BEGINNING, threads=threads)(watch)}


def tell(world: World, service: str = "identity", times: int = 1) -> str:
    """A service publishes something that nobody here has ever heard of, so many times; the event's id."""
    id, key = str(uuid7()), str(uuid7())
    envelope = Envelope(id, f"egov.{service}.v1.Happened", f"/egov/{service}", datetime.now(UTC), key, version=1)
    for _ in range(times):
        world.send(key, b"\xff no message", envelope.headers(), topic=f"egov.{service}.v1")
    return id


def observed(world: World) -> dict[str, str]:
    return dict(world.sql("SELECT event_id, type FROM seen"))


def test_it_sees_what_all_topics_hold_whatever_the_types_and_bodies(world: World) -> None:
    ids = {world.close_incident(str(uuid7())), tell(world), tell(world)}
    with world.running("events", service=world.variant(**watching())):
        wait_for("all are seen", lambda: ids <= set(observed(world)))
    # What it keeps is its list: the inbox would be the same once more.
    assert world.value("SELECT count(*) FROM chassis.inbox WHERE consumer = %s", WATCH) == 0
    topics = {topic for (topic,) in world.sql("SELECT topic FROM chassis.consumer_position WHERE consumer = %s", WATCH)}
    assert {GRID_TOPIC, IDENTITY_TOPIC} <= topics


def test_its_threads_take_partitions_side_by_side(world: World) -> None:
    at_work: set[str] = set()
    ids: set[str] = set()

    def tell_more() -> bool:
        ids.add(tell(world))
        return len(at_work) == 2

    those = watching(lambda envelopes: at_work.add(threading.current_thread().name), threads=2)
    with world.running("events", service=world.variant(**those)):
        wait_for("both are at work", tell_more)
        wait_for("all are seen", lambda: ids <= set(observed(world)))


def test_of_its_own_topic_it_is_told_nothing(world: World) -> None:
    world.record(world.ended(str(uuid7())))
    with world.running("events", service=world.variant(**watching())):
        wait_for("it is published", lambda: world.published())
        last = tell(world)
        wait_for("what came later is seen", lambda: last in observed(world))
    assert [type for type in observed(world).values() if type.startswith("egov.permits.")] == []


def test_a_topic_that_is_made_later_is_seen_from_its_beginning(world: World) -> None:
    with world.running("events", service=world.variant(**watching())):
        first = tell(world)
        wait_for("it observes", lambda: first in observed(world))
        client = world.servers.kafka.admin()
        apply(client, [topic("egov.late.v1", "late", SERVICE)])
        client.close()
        ids = {tell(world, "late") for _ in range(3)}
        wait_for("the new topic's events are seen", lambda: ids <= set(observed(world)))


def test_what_lies_at_hand_is_taken_together_and_leaves_no_span(world: World) -> None:
    exporter = InMemorySpanExporter()
    telemetry.setup(SERVICE, "1", 1.0, None, exporter=exporter)
    key = str(uuid7())
    ids = [world.close_incident(key, version, traceparent=TRACEPARENT) for version in range(1, MANY + 1)]
    try:
        with world.running("events", service=world.variant(**watching())):
            wait_for("all are seen", lambda: set(ids) <= set(observed(world)))
    finally:
        telemetry.shutdown()
    assert world.value("SELECT max(together) FROM seen") > MANY / 4
    processed = [dict(span.attributes or {}) for span in exporter.get_finished_spans() if "process" in span.name]
    assert [each for each in processed if each["egov.consumer"] == WATCH] == []


def test_what_was_sent_again_costs_no_other(world: World) -> None:
    told: list[str] = []
    ids = [tell(world, times=2) for _ in range(MANY)]
    with world.running(
        "events", service=world.variant(**watching(lambda those: told.extend(each.id for each in those)))
    ):
        wait_for("all are seen", lambda: set(ids) <= set(observed(world)))
    # Only the topic they are in: grid's holds what other tests sent, and some of that is no event.
    back = "UPDATE chassis.consumer_position SET next_offset = 0 WHERE consumer = %s AND topic = %s"
    world.sql(back, WATCH, IDENTITY_TOPIC)
    with world.running(
        "events", service=world.variant(**watching(lambda those: told.extend(each.id for each in those)))
    ):
        wait_for("they are told again", lambda: all(told.count(id) > 1 for id in ids))
    assert world.value("SELECT count(*) FROM chassis.parked_event") == 0


def test_one_that_it_cannot_take_is_kept_without_its_body_and_costs_no_other(world: World) -> None:
    culprits: set[str] = set()

    def stumble(envelopes: Sequence[Envelope]) -> None:
        if culprits & {envelope.id for envelope in envelopes}:
            raise RuntimeError("stumbled")

    ids = [tell(world) for _ in range(MANY)]
    culprits.add(ids[MANY // 2])
    with world.running("events", service=world.variant(**watching(stumble))):
        wait_for("the others are seen", lambda: set(ids) - culprits <= set(observed(world)))
        kept = "SELECT event_id, body FROM chassis.parked_event WHERE consumer = %s"
        wait_for("it is kept", lambda: world.sql(kept, WATCH))
        assert world.sql(kept, WATCH) == [(ids[MANY // 2], b"")]
        culprits.clear()
        wait_for("it is seen by itself", lambda: set(ids) <= set(observed(world)))
