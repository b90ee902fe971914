"""No connection to spare, a clock that jumps: callers are told clearly, nothing is half done, and it goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import grpc
import pytest

from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World
from tests.waiting import wait_for


class JumpingClock:
    """The machine's clock, off by what a test says."""

    def __init__(self) -> None:
        self.off = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


def test_an_exhausted_pool_is_told_and_passes(world: World) -> None:
    with world.running("rpc", EGOV_THREADS="2") as container:
        engine = container.runtime.engine
        assert world.grant().status is grpc.StatusCode.OK
        held = [engine.connect() for _ in range(2 + 10)]
        refused = world.grant(key="again")
        assert (refused.status, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert refused.refusal is not None and refused.refusal.retry_after_s
        for connection in held:
            connection.close()
        assert world.grant(key="again").status is grpc.StatusCode.OK
        wait_for("the relay goes on", lambda: world.outbox() == 0)
    assert world.value("SELECT count(*) FROM permit") == 2


def test_a_clock_that_jumps_by_hours_changes_neither_outcomes_nor_order(world: World) -> None:
    clock = JumpingClock()
    incident = str(uuid7())
    with world.running("rpc", "events") as container:
        container.runtime.clock = clock
        first = world.grant(incident, key="k").message.permit
        for hours in (-30, 30):
            clock.off = timedelta(hours=hours)
            # The answer that is kept is that of another day; it is found all the same.
            assert world.grant(incident, key="k").message.permit == first
            assert world.grant(key=f"k{hours}").status is grpc.StatusCode.OK
        clock.off = timedelta(hours=-30)
        world.close_incident(incident)
        wait_for("it is taken", lambda: world.value("SELECT count(*) FROM permit WHERE ended") == 1)
        wait_for("all is out", lambda: world.outbox() == 0)
    versions = [each.headers["ce_aggregateversion"] for each in world.published() if each.key == first.permit_id]
    assert versions == ["1", "2"]


def test_a_clock_that_jumps_by_months_stops_changes_and_leaves_nothing_half_done(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    clock = JumpingClock()
    with world.running("rpc") as container:
        container.runtime.clock = clock
        for days in (-200, 400):
            clock.off = timedelta(days=days)
            refused = world.grant(key="k")
            assert (refused.status, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "CLOCK_UNFIT")
            assert refused.refusal is not None and refused.refusal.retry_after_s
        assert world.sql("SELECT 1 FROM permit UNION ALL SELECT 1 FROM chassis.event_log") == []
        assert any(each.levelname == "ERROR" and "clock" in each.getMessage() for each in caplog.records)
        clock.off = timedelta()
        assert world.grant(key="k").status is grpc.StatusCode.OK
