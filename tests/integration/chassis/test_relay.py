"""The relay: what was committed is on the topic, per aggregate in order, whatever ends in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from kafka import KafkaProducer
from kafka.future import Future
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis import floor, outbox, producer, relay, telemetry
from services.chassis.lease import Lease
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World
from tests.integration.chassis.topics import Published
from tests.waiting import wait_for


def sent(world: World, count: int) -> list[Published]:
    """What was published, once the outbox is empty."""
    wait_for("the outbox is empty", lambda: world.outbox() == 0)
    published = world.published()
    assert len(published) == count, published
    return published


LOG = (
    "INSERT INTO chassis.event_log (event_id, logged_at, type, aggregate_id, aggregate_version, headers, body)"
    " SELECT gen_random_uuid(), now() + n * interval '1 ms', 'egov.permits.v1.PermitEnded', 'a' || n, 1, '{}', ''"
    " FROM generate_series(1, %s) n"
)
QUEUE = (
    "INSERT INTO chassis.outbox (event_id, logged_at) SELECT event_id, logged_at FROM chassis.event_log"
    " ORDER BY logged_at LIMIT %s"
)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    telemetry.setup("permits", "1.0", 1.0, None, exporter=exporter)
    yield exporter
    telemetry.shutdown()


def test_a_producer_of_which_nothing_is_heard_is_replaced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck: list[KafkaProducer] = []

    def send(kafka: KafkaProducer, *args: Any, **facts: Any) -> Any:
        """The first producer takes everything and never answers."""
        if kafka is (stuck or [kafka])[0]:
            stuck.append(kafka)
            return Future()
        return KafkaProducer.send(kafka, *args, **facts)

    monkeypatch.setattr(relay, "ANSWER_WITHIN_S", 0.5)
    monkeypatch.setattr(producer._Closable, "send", send)
    key = str(uuid7())
    world.record(*(world.ended(key, version) for version in range(1, 4)))
    with world.running():
        published = sent(world, 3)
    assert [each.headers["ce_aggregateversion"] for each in published] == ["1", "2", "3"]
    assert len(stuck) == 1, "only the first of the key was in flight"


def test_every_event_goes_out_once_and_in_its_keys_order(world: World) -> None:
    keys = [str(uuid7()) for _ in range(5)]
    world.record(*(world.ended(key, version) for version in range(1, 21) for key in keys))
    with world.running():
        published = sent(world, 100)
    for key in keys:
        versions = [int(each.headers["ce_aggregateversion"]) for each in published if each.key == key]
        assert versions == list(range(1, 21))
    assert len({each.headers["ce_id"] for each in published}) == 100


def know_few(world: World) -> None:
    """What the planner knows is of a moment when nearly all that had been in the outbox was gone."""
    world.sql(QUEUE, 5_000)
    world.sql("DELETE FROM chassis.outbox WHERE position > (SELECT min(position) + 20 FROM chassis.outbox)")
    know(world)


def know(world: World) -> None:
    world.sql("ANALYZE chassis.event_log, chassis.outbox", owner=True)


@pytest.mark.parametrize("before", [know, know_few, None])
@pytest.mark.parametrize("after", [know, None])
def test_a_look_at_the_head_reads_as_much_of_the_log_as_it_takes_however_much_waits(
    world: World, before: Callable[[World], None] | None, after: Callable[[World], None] | None
) -> None:
    world.sql(LOG, 60_000)
    if before is not None:
        before(world)
    world.sql("DELETE FROM chassis.outbox")
    world.sql(QUEUE, 5_000)
    if after is not None:
        after(world)
    dialect = sa.make_url("postgresql+psycopg://").get_dialect()()
    query = f"EXPLAIN (ANALYZE, FORMAT JSON) {outbox.HEAD.compile(dialect=dialect)}"
    with world.connect() as connection:
        ((plan,),) = connection.execute(query.encode(), {"floor": 0, "busy": ["a1"], "most": 50})
    of_the_log = [each for each in nodes(plan[0]["Plan"]) if "event_log" in each.get("Relation Name", "")]
    assert sum(each["Actual Rows"] * each["Actual Loops"] for each in of_the_log) <= 51


def test_the_envelope_is_on_the_record_and_the_span_lasts_until_the_acknowledgement(
    world: World, spans: InMemorySpanExporter
) -> None:
    with world.running("rpc"):
        permit = world.grant().message.permit
        (record,) = sent(world, 1)
    assert record.key == permit.permit_id
    assert record.headers["ce_source"] == "/egov/permits"
    assert record.headers["ce_casenumber"] == permit.case_number
    assert record.headers["ce_casephase"] == "opens"
    assert record.headers["ce_links"] == f"concerns:{permit.incident_id}"
    assert record.headers["ce_region"] == permit.region
    by_name = {span.name: span for span in spans.get_finished_spans()}
    send, call = by_name["send egov.permits.v1"], by_name["egov.permits.v1.PermitsService/GrantPermit"]
    assert send.parent is not None and call.context is not None and send.context is not None
    assert send.parent.span_id == call.context.span_id
    assert record.headers["traceparent"].split("-")[2] == f"{send.context.span_id:016x}"
    assert (send.attributes or {})["egov.case.number"] == permit.case_number
    deleted = world.value("SELECT now()")
    assert send.start_time is not None and send.end_time is not None
    assert send.start_time < send.end_time < deleted.timestamp() * 1e9


def test_of_two_relays_one_works_and_the_other_takes_over(world: World) -> None:
    first, second = world.running(), world.running()
    with second:
        wait_for("the lease is held", lambda: world.value("SELECT expires_at > now() FROM chassis.lease"))
        with first:
            world.record(*(world.ended(str(uuid7())) for _ in range(50)))
            sent(world, 50)
        owner = world.value("SELECT owner FROM chassis.lease")
    with world.running():
        world.record(world.ended(str(uuid7())))
        sent(world, 51)
        assert world.value("SELECT owner FROM chassis.lease") != owner


def test_what_is_committed_late_below_what_was_sent_is_sent_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor, "SETTLED_S", 0.0)
    world.record(world.ended(str(uuid7())))
    world.sql("DELETE FROM chassis.outbox")
    with world.connect() as frozen, world.running():
        with frozen.transaction():
            frozen.execute(QUEUE.encode(), (1,))
            for count in (1, 2):
                world.record(world.ended(str(uuid7())))
                sent(world, count)
        sent(world, 3)


def test_a_relay_that_stops_waits_for_its_answers_though_others_go_on_to_commit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LAST_SENDS_S", 0.0)
    count = 3_000
    world.record(*(world.ended(str(uuid7())) for _ in range(count)))
    with world.running():
        wait_for("some are out", lambda: world.outbox() < count)
    assert world.outbox() > 0
    with world.running():
        sent(world, count)


def test_a_relay_that_lost_its_lease_deletes_nothing(world: World) -> None:
    world.record(world.ended(str(uuid7())))
    engine = world.runtime(frozenset()).engine
    zombie, heir = Lease(engine, "relay", length_s=-1.0), Lease(engine, "relay")
    assert zombie.hold() and heir.hold() and not zombie.hold()
    positions = [row[0] for row in world.sql("SELECT position FROM chassis.outbox")]
    with engine.begin() as connection:
        facts = {"epoch": (heir.epoch or 0) - 1, "positions": positions}
        assert connection.execute(outbox.DELETE, facts).rowcount == 0
        assert connection.execute(outbox.DELETE, facts | {"epoch": heir.epoch}).rowcount == 1
    engine.dispose()


def test_a_crash_after_the_acknowledgement_sends_twice_with_the_same_id(world: World) -> None:
    world.record(world.ended(str(uuid7())))
    with world.process("timers", ready=False, EGOV_FAULTPOINTS="relay.after_ack=kill") as process:
        wait_for("the relay was killed", lambda: process.exit_code() == -9)
    assert world.outbox() == 1
    # The dead process's lease would last for some seconds.
    world.sql("UPDATE chassis.lease SET expires_at = now()")
    with world.running():
        first, second = sent(world, 2)
    assert first.headers["ce_id"] == second.headers["ce_id"]


def test_an_event_that_kafka_refuses_holds_only_its_key(world: World) -> None:
    large, other = str(uuid7()), str(uuid7())
    world.record(world.ended(large), world.ended(large, 2), world.ended(other))
    world.sql("ALTER TABLE chassis.event_log DISABLE TRIGGER append_only", owner=True)
    world.sql(
        "UPDATE chassis.event_log SET body = %s WHERE aggregate_id = %s AND aggregate_version = 1",
        b"x" * 1_200_000, large, owner=True,
    )  # fmt: skip
    world.sql("ALTER TABLE chassis.event_log ENABLE TRIGGER append_only", owner=True)
    with world.running():
        wait_for("the other key is out", lambda: world.outbox() == 2)
        world.record(world.ended(other, 2))
        wait_for("it goes on", lambda: world.outbox() == 2 and len(world.published()) == 2)
    assert {each.key for each in world.published()} == {other}


def test_what_was_committed_last_goes_out_before_the_end(world: World) -> None:
    with world.running("rpc"):
        world.grant()
    assert world.outbox() == 0
    assert len(world.published()) == 1


def test_the_log_of_record_is_append_only(world: World) -> None:
    world.record(world.ended(str(uuid7())))
    engine = world.runtime(frozenset()).engine
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM chassis.event_log"))
    engine.dispose()
