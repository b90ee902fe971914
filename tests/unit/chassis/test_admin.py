import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from services.chassis.admin import AdminServer

Readiness = Callable[[], tuple[bool, dict[str, Any]]]


@contextmanager
def _served(readiness: Readiness, status: Callable[[], str] = lambda: "{}", live: bool = True) -> Iterator[AdminServer]:
    server = AdminServer("127.0.0.1:0", lambda: live, readiness, status, answer_within_s=0.2)
    server.start()
    yield server
    server.stop()


def _get(server: AdminServer, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = HTTPConnection(server.address, timeout=5)
    connection.request(method, path)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def test_a_ready_process_says_so() -> None:
    with _served(lambda: (True, {"database": "ok"}), lambda: '{"outbox_depth": 3}') as server:
        assert _get(server, "/livez")[0] == 200
        status, body = _get(server, "/readyz")
        assert (status, json.loads(body)) == (200, {"database": "ok", "ready": True})
        assert _get(server, "/status") == (200, b'{"outbox_depth": 3}')
        assert b"egov_outbox_depth" in _get(server, "/metrics")[1]


def test_a_process_that_is_not_ready_or_not_live_is_a_503() -> None:
    with _served(lambda: (False, {"database": "away"}), live=False) as server:
        assert _get(server, "/readyz")[0] == 503
        assert _get(server, "/livez")[0] == 503


def test_a_readiness_that_hangs_is_asked_once_and_blocks_nothing() -> None:
    release, asked = threading.Event(), []

    def hang() -> tuple[bool, dict[str, Any]]:
        asked.append(1)
        release.wait(10)
        return True, {}

    with _served(hang) as server:
        for _ in range(3):
            status, body = _get(server, "/readyz")
            assert (status, json.loads(body)["reason"]) == (503, "NO_ANSWER_IN_TIME")
        assert _get(server, "/livez")[0] == 200
        assert len(asked) == 1
        release.set()


def test_a_readiness_or_status_that_raises_is_a_503_without_its_text() -> None:
    def fail() -> Any:
        raise ValueError("password=secret")

    with _served(fail, fail) as server:
        for path in ("/readyz", "/status"):
            status, body = _get(server, path)
            assert (status, json.loads(body)["reason"]) == (503, "ValueError")


def test_other_pages_and_methods_are_refused() -> None:
    with _served(lambda: (True, {})) as server:
        assert _get(server, "/")[0] == 404
        assert _get(server, "/livez", "POST")[0] == 405
        assert _get(server, "/livez", "HEAD") == (200, b"")
