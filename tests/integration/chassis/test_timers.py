"""Timers: runs of several replicas share the rows, and a run that fails is not the last."""

from __future__ import annotations

from typing import Any

from services.chassis import metrics, run
from services.chassis.entrypoints import every
from tests.integration.chassis.harness import World
from tests.integration.observability.taking import Taking, serving
from tests.waiting import wait_for

ENDED = "SELECT count(*) FROM permit WHERE ended"


def overdue(world: World, count: int) -> None:
    """So many permits whose time is over."""
    with world.running("rpc", PERMITS_DAYS="0"):
        for _ in range(count):
            world.grant()


def test_two_replicas_end_every_overdue_permit_once(world: World) -> None:
    overdue(world, 12)
    with world.running("timers"), world.running("timers"):
        wait_for("all have ended", lambda: world.value(ENDED) == 12)
        wait_for("all is out", lambda: world.outbox() == 0)
    ended = [each.key for each in world.published() if each.type == "PermitEnded"]
    assert len(ended) == len(set(ended)) == 12


def test_a_run_that_fails_leaves_nothing_and_the_next_one_comes(world: World) -> None:
    overdue(world, 1)
    runs: list[int] = []

    @every(seconds=0.05)
    def end_overdue(self: Any) -> bool:
        runs.append(1)
        more: bool = world.permits.service.PermitsService.end_overdue(self)
        if len(runs) == 1:
            raise ValueError("a person's name")
        return more

    with world.running("timers", service=world.variant(end_overdue=end_overdue)):
        wait_for("it has ended", lambda: world.value(ENDED) == 1)
        wait_for("the next run comes", lambda: len(runs) > 3)
    assert world.value("SELECT count(*) FROM chassis.event_log WHERE type LIKE '%%PermitEnded'") == 1


def test_the_depth_of_the_queues_is_measured(world: World) -> None:
    world.record(world.ended("a-key"))
    world.sql("INSERT INTO chassis.held_key VALUES ('closed-incidents', 'k')")
    world.sql(
        "INSERT INTO chassis.parked_event (consumer, key, event_id, event_type, topic, partition, record_offset,"
        " headers, body, state, reason, attempts) VALUES ('closed-incidents', 'k', 'e', 't', 'egov.grid.v1', 0, 0,"
        " '{}', '', 'PARKED', 'TOO_OLD', 0)"
    )
    runtime = world.runtime(frozenset({"events"}))
    process = run.Process(world.variant(), runtime)
    process.measure()
    runtime.engine.dispose()
    value = metrics.REGISTRY.get_sample_value
    assert value("egov_outbox_depth") == 1
    assert value("egov_parked", {"consumer": "closed-incidents"}) == 1
    assert value("egov_ready") == 0, "its database answers, but it was not started"


def test_a_process_that_is_told_to_sends_its_metrics_to_the_collector(world: World) -> None:
    taking = Taking()
    with (
        serving(taking) as endpoint,
        world.process("timers", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, EGOV_METRICS_SECONDS="0.1"),
    ):
        request = taking.sent.get(timeout=10)
    (whole,) = request.resource_metrics
    assert "permits" in [each.value.string_value for each in whole.resource.attributes]
    assert {"egov_outbox_depth", "egov_pool_size"} <= {each.name for each in whole.scope_metrics[0].metrics}
