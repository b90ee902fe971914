"""Whoever refuses, Envoy or a service: the answer has one shape, a JSON google.rpc.Status, and a status that fits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from deploy.local.client import ApiError
from tests.e2e.city import COUNTY, City
from tests.e2e.door import Reply, assert_refused
from tests.waiting import wait_for

GRPC_CODES = {
    400: {3, 9}, 401: {16}, 403: {7}, 404: {5}, 405: {12}, 409: {6, 10}, 413: {3}, 415: {3}, 429: {8}, 503: {14},
    504: {4},
}  # fmt: skip
CALL_SECONDS = 10.0


def token(city: City) -> str:
    """Token of the citizen app."""
    return city.people.citizens.token()


def file(city: City, body: bytes, kind: str = "application/json") -> Reply:
    """A report with this body."""
    return city.door.post("/v1/incidents", token(city), body, headers={"Content-Type": kind})


def close(city: City, by: str) -> Reply:
    """The close of an incident that there is not."""
    body = {"version": 1, "outcome": "CLOSING_OUTCOME_HANDLED"}
    return city.door.post("/v1/incidents/019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071:close", by, body)


def dispatch_twice(city: City) -> Reply:
    """A dispatch with the version that the dispatch before it has changed."""
    incident = city.file().body["incident"]
    city.dispatch(incident)
    path, seat = f"/v1/incidents/{incident['incidentId']}:dispatch", city.people.seat(COUNTY).token()
    return city.door.post(path, seat, {"version": incident["version"]})


def register_again(city: City) -> Reply:
    """The registration of a member that there is already."""
    (member,) = city.rows("identity", "SELECT * FROM member WHERE client_id = 'rizhao-ssp'")
    body = {
        "clientId": member["client_id"],
        "displayName": member["display_name"],
        "region": member["region"],
        "scopes": member["scopes"],
        "publicKeys": member["public_keys"],
    }
    return city.door.post("/v1/members", city.people.operations.token(), body)


def forged(city: City) -> str:
    """A token whose scopes were changed after it was signed."""
    header, claims, signature = token(city).split(".")
    return ".".join((header, claims[:-4] + claims[-4:].swapcase(), signature))


TABLE: list[tuple[str, int, str, Callable[[City], Reply]]] = [
    ("no token", 401, "TOKEN_MISSING", lambda city: city.door.get("/v1/incidents")),
    ("no token at all", 401, "TOKEN_INVALID", lambda city: city.door.get("/v1/incidents", "not.a.token")),
    ("a token with another signature", 401, "TOKEN_INVALID", lambda city: city.door.get("/v1/incidents", forged(city))),
    ("no scope", 403, "SCOPE_MISSING", lambda city: close(city, city.people.citizens.token())),
    ("no such address", 404, "NO_SUCH_ROUTE", lambda city: city.door.get("/v1/nothing", token(city))),
    ("no such incident", 404, "INCIDENT_NOT_FOUND", lambda city: close(city, city.people.seat(COUNTY).token())),
    ("another HTTP method", 405, "METHOD_NOT_ALLOWED", lambda city: city.door.ask("DELETE", "/v1/incidents")),
    ("a stale version", 409, "STALE_VERSION", lambda city: dispatch_twice(city)),
    ("a client id that is taken", 409, "CLIENT_EXISTS", lambda city: register_again(city)),
    ("too large", 413, "BODY_TOO_LARGE", lambda city: file(city, b'{"report": "%s"}' % (b"x" * 1_100_000))),
    ("not JSON by its name", 415, "CONTENT_TYPE_UNSUPPORTED", lambda city: file(city, b"a=b", "text/plain")),
    ("not JSON", 400, "INVALID_ARGUMENT", lambda city: file(city, b'{"report": {"description": "x" "y"}}')),
    ("not UTF-8", 400, "MALFORMED_REQUEST", lambda city: file(city, b'{"report": {"description": "\xff"}}')),
    ("a list", 400, "INVALID_ARGUMENT", lambda city: file(city, b"[]")),
    ("deeply nested", 400, "INVALID_ARGUMENT", lambda city: file(city, b'{"report":' * 200 + b"1" + b"}" * 200)),
]  # fmt: skip


@pytest.mark.parametrize(("status", "reason", "ask"), [pytest.param(*row[1:], id=row[0]) for row in TABLE])
def test_one_shape(city: City, status: int, reason: str, ask: Callable[[City], Reply]) -> None:
    assert_status(ask(city), status, reason)


def test_405_names_the_methods_that_there_are(city: City) -> None:
    assert city.door.ask("DELETE", "/v1/incidents").headers["allow"] == "GET, POST"


def test_429_says_when_to_come_again(city: City) -> None:
    with ThreadPoolExecutor(8) as pool:
        refused = wait_for("a refusal", lambda: [reply for some in pool.map(burst, [city] * 8) for reply in some])

    assert assert_status(refused[0], 429, "RATE_LIMITED").retry_after_s == 1.0
    assert refused[0].headers["retry-after"] == "1"
    # Who has a token has a rate of their own.
    assert city.door.get("/v1/incidents", token(city)).status == 200
    wait_for("room again", lambda: city.door.get("/v1/regions").status == 200)


def burst(city: City) -> list[Reply]:
    """Many calls without a token, as fast as one connection takes them: those share a small rate. The refused ones."""
    with closing(city.door.connect()) as connection:
        replies = [city.door.get("/v1/regions", over=connection) for _ in range(40)]
    return [reply for reply in replies if reply.status == 429]


@pytest.fixture
def notification_away(city: City) -> Iterator[None]:
    """Notification is stopped, and is back afterwards."""
    city.stack.stop_part("notification")
    yield
    city.stack.start_part("notification")
    notices_answer(city)


def test_503_at_once_for_a_service_that_is_away_and_for_no_other(city: City, notification_away: None) -> None:
    began = time.monotonic()
    reply = city.door.get("/v1/notices", token(city))

    error = assert_status(reply, 503, "UNAVAILABLE")
    assert error.metadata["service"] == "notification"
    assert error.retry_after_s == 1.0
    assert time.monotonic() - began < 2.0
    assert city.door.get("/v1/incidents", token(city)).status == 200


@contextmanager
def frozen(city: City, part: str) -> Iterator[None]:
    """The part is there and does not answer, and goes on afterwards."""
    city.stack.pause(part)
    try:
        yield
    finally:
        city.stack.resume(part)


def test_504_when_a_service_does_not_answer_in_time(city: City) -> None:
    with closing(city.door.connect()) as connection:
        # The gateway's thread that serves this connection now has one to notification.
        assert city.door.get("/v1/notices", token(city), over=connection).status == 200
        with frozen(city, "notification"):
            began = time.monotonic()
            reply = city.door.get("/v1/notices", token(city), over=connection)

    assert assert_status(reply, 504, "DEADLINE_PASSED").metadata["service"] == "notification"
    assert CALL_SECONDS - 1 < time.monotonic() - began < CALL_SECONDS + 3
    notices_answer(city)


def notices_answer(city: City) -> None:
    """Wait until notification is reached again."""
    wait_for("notification", lambda: city.door.get("/v1/notices", token(city)).status == 200)


def assert_status(reply: Reply, status: int, reason: str) -> ApiError:
    """One shape, and a gRPC code that fits the HTTP status."""
    error = assert_refused(reply, status, reason)
    assert error.code in GRPC_CODES[status]
    assert set(reply.json) == {"code", "message", "details"}
    (info,) = (each for each in reply.json["details"] if each["@type"] == "type.googleapis.com/google.rpc.ErrorInfo")
    assert info["domain"] == "egov"
    return error
