"""A consumer that was down for long says how far it is, everywhere alike, while it catches up."""

from __future__ import annotations

import json
import threading
import urllib.request
from functools import partial
from typing import Any

import pytest
from egov.chassis.v1 import operations_service_pb2 as operations

from services.chassis import consumer, metrics
from services.chassis.run import Process
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import CLOSED, World, event_call
from tests.integration.chassis.servers import GRID_TOPIC, SERVICE
from tests.waiting import wait_for

MISSED = 20
AT_ONCE = 5
OPERATIONS = "egov.chassis.v1.OperationsService"


def by_status(world: World) -> int:
    with urllib.request.urlopen(f"http://{world.admin}/status", timeout=5) as page:
        return sum(max(0, int(each["lag"])) for each in json.load(page)["consumers"])


def by_method(world: World) -> int:
    answer = world.call("GetStatus", operations.GetStatusRequest(service=SERVICE), service=OPERATIONS, key=None)
    return sum(max(0, each.lag) for each in operations.GetStatusResponse.FromString(answer.message).consumers)


def by_metrics() -> int:
    labels = [{"consumer": CLOSED, "topic": GRID_TOPIC, "partition": str(number)} for number in range(6)]
    return int(sum(metrics.REGISTRY.get_sample_value("egov_consumer_lag", each) or 0 for each in labels))


def all_say(world: World, left: int) -> bool:
    return {by_status(world), by_method(world), by_metrics()} == {left}


def test_a_consumer_that_was_down_for_long_counts_down_what_it_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RECORDS", AT_ONCE)
    allowed = threading.Semaphore(0)
    taken: list[int] = []

    def take(service: Any, event: Any, call: Any) -> None:
        service.uow.connection.exec_driver_sql("SELECT 1")
        assert allowed.acquire(timeout=20)
        taken.append(event.version)

    key = str(uuid7())
    for version in range(1, MISSED + 1):
        world.close_incident(key, version)
    process = Process(world.variant(**event_call(world, take)), world.runtime(frozenset({"rpc", "events"})))
    process.start()
    try:
        for left in range(MISSED, -1, -AT_ONCE):
            wait_for(f"{left} are left, all say", partial(all_say, world, left))
            assert len(taken) == MISSED - left
            allowed.release(AT_ONCE)
    finally:
        process.stop()
    assert taken == list(range(1, MISSED + 1))
