"""Five times as many calls as there is room for: the room is used, the rest is refused at once, and then it is over."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

from services.chassis.run import BACKGROUND_CONNECTIONS, Process
from services.kernel.ids import uuid7
from tests.integration.chassis.callers import REGION, Answer
from tests.integration.chassis.harness import World
from tests.integration.chassis.test_rpc_edge import granting
from tests.waiting import wait_for

THREADS, WAITING = 2, 2
ROOM = THREADS + WAITING
FLOOD = 5 * ROOM
# All but the one that asks.
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
OPEN = "state = 'idle in transaction'"


class Gate:
    """What every call waits for, as for a lock in the database; who is served is counted."""

    def __init__(self, world: World) -> None:
        self.world, self.served, self._open = world, 0, threading.Event()

    def wait(self, service: Any, request: Any, call: Any) -> Any:
        self.served += 1
        self._open.wait(30)
        return self.world.permits.service.PermitsService.GrantPermit(service, request, call)

    def open(self) -> None:
        self._open.set()


@contextmanager
def running(world: World, gate: Gate) -> Iterator[None]:
    """The whole process of the service, with its admin port, and little room."""
    # Made before many callers want it at once.
    world.servers.identities.workload("gateway")
    limits = {"EGOV_THREADS": str(THREADS), "EGOV_CALLS_WAITING": str(WAITING)}
    process = Process(granting(world, gate.wait), world.runtime(frozenset({"rpc"}), **limits))
    try:
        process.start()
        yield
    finally:
        gate.open()
        process.stop()


def ended(calls: list[Future[Answer]]) -> Counter[grpc.StatusCode]:
    """How those calls came back that have."""
    return Counter(call.result().status for call in calls if call.done())


def health(world: World, page: str) -> int:
    """What the admin port answers."""
    connection = http.client.HTTPConnection(world.admin, timeout=10)
    connection.request("GET", page)
    status = connection.getresponse().status
    connection.close()
    return status


def test_what_there_is_no_room_for_is_refused_while_the_rest_is_served(world: World) -> None:
    gate, keys = Gate(world), [str(uuid7()) for _ in range(FLOOD)]
    with running(world, gate), ThreadPoolExecutor(FLOOD) as callers:
        flood = [callers.submit(world.grant, key) for key in keys]
        # Nobody has been served yet: whoever is back was refused without waiting for anybody.
        refused = {grpc.StatusCode.RESOURCE_EXHAUSTED: FLOOD - ROOM}
        wait_for("the refusals", lambda: ended(flood).total() == FLOOD - ROOM)
        assert ended(flood) == refused
        assert gate.served == THREADS
        assert [health(world, page) for page in ("/livez", "/readyz", "/metrics")] == [200] * 3
        gate.open()
        wait_for("all answers", lambda: ended(flood).total() == FLOOD)
        assert ended(flood) == refused | {grpc.StatusCode.OK: ROOM}
        wait_for("room again", lambda: world.grant().status is grpc.StatusCode.OK)
    # Of what was refused nothing happened.
    granted = {key for key, call in zip(keys, flood, strict=True) if call.result().status is grpc.StatusCode.OK}
    stored = {str(row[0]) for row in world.sql("SELECT incident_id FROM permit")}
    assert granted <= stored and not stored & (set(keys) - granted)


def test_who_gave_up_waiting_is_not_served_any_more(world: World) -> None:
    gate = Gate(world)
    with running(world, gate), ThreadPoolExecutor(ROOM) as callers:
        served = [callers.submit(world.grant) for _ in range(THREADS)]
        wait_for("all threads are taken", lambda: gate.served == THREADS)
        waiting = [callers.submit(world.grant, timeout=0.5) for _ in range(WAITING)]
        wait_for("they gave up", lambda: ended(waiting) == {grpc.StatusCode.DEADLINE_EXCEEDED: WAITING})
        gate.open()
        wait_for("the first are served", lambda: ended(served) == {grpc.StatusCode.OK: THREADS})
        # This call comes behind those that gave up, in the same queue.
        assert world.grant().message.permit.region == REGION
    assert gate.served == THREADS + 1


def test_floods_leave_no_thread_and_no_connection_behind(world: World) -> None:
    def flood(callers: ThreadPoolExecutor) -> None:
        list(callers.map(lambda _: world.grant(), range(FLOOD)))

    gate = Gate(world)
    gate.open()
    with running(world, gate), ThreadPoolExecutor(FLOOD) as callers:
        for _ in range(6):
            flood(callers)
        assert serving_threads() <= THREADS
        # The pool fills as it is needed; what a call forgot to give back would stand in a transaction.
        assert world.value(SESSIONS) <= THREADS + BACKGROUND_CONNECTIONS
        wait_for("no session stands in a transaction", lambda: world.value(f"{SESSIONS} AND {OPEN}") == 0)


def serving_threads() -> int:
    """Threads that serve calls; those of the callers come and go."""
    return sum(thread.name.startswith("rpc") for thread in threading.enumerate())
