"""One client floods a service with calls that are slow: everybody else goes on, and so does the service afterwards."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.e2e.city import COUNTY, City
from tests.e2e.door import Reply
from tests.waiting import wait_for

THREADS, WAITING = 2, 2
FLOOD = 5 * (THREADS + WAITING)
CALL_S = 10.0  # the gateway's deadline
MEBIBYTE = 1024 * 1024
GROWTH = 48 * MEBIBYTE


@pytest.fixture
def narrow(city: City) -> Iterator[City]:
    """Grid with little room, and with its usual room afterwards."""
    city.stack.restart_part("grid", {"EGOV_THREADS": str(THREADS), "EGOV_CALLS_WAITING": str(WAITING)})
    yield city
    city.stack.restart_part("grid", {"EGOV_THREADS": "6", "EGOV_CALLS_WAITING": "24"})
    wait_for("grid", lambda: incidents(city).status == 200)


def incidents(city: City) -> Reply:
    return city.door.get("/v1/incidents", city.people.seat(COUNTY).token())


class Flood:
    """As many callers as five times the room, each with its next call as soon as the last one was answered."""

    def __init__(self, city: City) -> None:
        self.replies: list[tuple[float, Reply]] = []
        self._city, self._over = city, threading.Event()
        self._callers = [threading.Thread(target=self._call) for _ in range(FLOOD)]

    def __enter__(self) -> Flood:
        self._token = self._city.people.citizens.token()
        for caller in self._callers:
            caller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for caller in self._callers:
            caller.join()

    def of(self, status: int) -> list[Reply]:
        return [reply for _, reply in list(self.replies) if reply.status == status]

    def _call(self) -> None:
        with closing(self._city.door.connect()) as connection:
            while not self._over.is_set():
                began = time.monotonic()
                reply = self._city.door.get("/v1/incidents", self._token, over=connection)
                self.replies.append((time.monotonic() - began, reply))


@contextmanager
def locked(city: City, table: str) -> Iterator[None]:
    """Nobody reads the table meanwhile: every statement on it waits as long as it may."""
    with city.stack.database("grid", owner=True) as connection, connection.transaction():
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_flood_of_slow_calls_is_refused_and_passes(narrow: City) -> None:
    city = narrow
    grid = city.stack.part("grid").child
    assert grid is not None
    wait_for("grid", lambda: incidents(city).status == 200)
    with Flood(city) as flood:
        wait_for("calls that found no room", lambda: len(flood.of(429)) > FLOOD)
        memory = grid.memory_bytes()
        with locked(city, "incident"):
            slow_from = len(flood.replies)
            # The service that is flooded says that it is well, and the others answer as ever.
            wait_for("some more", lambda: len(flood.replies) > slow_from + 5 * FLOOD)
            for page in ("/livez", "/readyz"):
                with urllib.request.urlopen(city.stack.admin_url("grid") + page, timeout=CALL_S) as answer:
                    assert answer.status == 200
            assert city.door.get("/v1/notices", city.people.seat(COUNTY).token()).status == 200
    told = Counter((reply.status, reply.error.reason if reply.status != 200 else "") for _, reply in flood.replies)
    assert set(told) <= {(200, ""), (429, "OVERLOADED"), (409, "IN_PROGRESS")}, told
    assert told[429, "OVERLOADED"] > told[200, ""] + told[409, "IN_PROGRESS"]
    for seconds, reply in flood.replies:
        assert seconds < CALL_S
        assert reply.status == 200 or int(reply.headers["retry-after"]) >= 1
    assert grid.memory_bytes() - memory < GROWTH
    wait_for("room again", lambda: incidents(city).status == 200)
