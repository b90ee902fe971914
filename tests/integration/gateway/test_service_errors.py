"""What a service refuses or fails at, as the gateway shows it."""

from __future__ import annotations

import threading

import grpc
import pytest
from egov.grid.v1 import grid_service_pb2

from tests.integration.gateway.shapes import GRID, INCIDENT, assert_shape

from .stack import Stack, envoy, free_port, settings, statistic, wait_until
from .stand_ins import plain_refusal, refuse, retry_in


def test_a_service_that_does_not_answer_in_time(gateway: Stack) -> None:
    free = threading.Event()

    def slow(_: bytes, context: grpc.ServicerContext) -> grid_service_pb2.GetIncidentResponse:
        context.add_callback(free.set)
        free.wait(10)
        return grid_service_pb2.GetIncidentResponse()

    gateway.services["grid"].answers[f"{GRID}GetIncident"] = slow
    reply = gateway.call("GET", INCIDENT)
    assert_shape(reply, 504, "DEADLINE_PASSED", 4)
    assert reply.detail("ErrorInfo")["metadata"] == {"service": "grid"}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, 400),
        (grpc.StatusCode.FAILED_PRECONDITION, 400),
        (grpc.StatusCode.ABORTED, 409),
        (grpc.StatusCode.ALREADY_EXISTS, 409),
        (grpc.StatusCode.NOT_FOUND, 404),
        (grpc.StatusCode.PERMISSION_DENIED, 403),
        (grpc.StatusCode.UNAUTHENTICATED, 401),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 429),
        (grpc.StatusCode.UNAVAILABLE, 503),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 504),
        (grpc.StatusCode.UNIMPLEMENTED, 501),
        (grpc.StatusCode.INTERNAL, 500),
    ],
)
@pytest.mark.parametrize("with_headers", [False, True])
def test_a_services_refusal_is_shown_as_it_is(
    gateway: Stack, code: grpc.StatusCode, status: int, with_headers: bool
) -> None:
    sent = (("egov-case-number", "371102-20261123-2000427-X"),) if with_headers else ()
    gateway.services["grid"].answers[f"{GRID}CloseIncident"] = refuse(code, "SOME_REASON", retry_in(2.5), headers=sent)
    reply = gateway.call("POST", f"{INCIDENT}:close", json={})
    assert (reply.status, reply.reason, reply.json()["code"]) == (status, "SOME_REASON", code.value[0])
    assert reply.json()["message"] == "SOME_REASON in words"
    assert reply.headers["retry-after"] == "3"
    assert reply.headers.get("egov-case-number") == (sent[0][1] if sent else None)
    assert not [name for name in reply.headers if name.startswith("grpc-")]


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 429, "OVERLOADED"),
        (grpc.StatusCode.UNIMPLEMENTED, 501, "UNIMPLEMENTED"),
        (grpc.StatusCode.UNKNOWN, 500, "INTERNAL"),
    ],
)
def test_what_grpc_itself_refuses_gets_the_shape_and_leaks_no_text(
    gateway: Stack, code: grpc.StatusCode, status: int, reason: str
) -> None:
    gateway.services["grid"].answers[f"{GRID}CloseIncident"] = plain_refusal(code, "a stack trace")
    reply = gateway.call("POST", f"{INCIDENT}:close", json={})
    assert_shape(reply, status, reason, 13 if code is grpc.StatusCode.UNKNOWN else code.value[0])
    assert "a stack trace" not in reply.text
    assert ("retry-after" in reply.headers) == (status == 429)


def test_a_service_that_is_down_is_named_at_once_and_the_others_go_on(behind: Stack) -> None:
    services = {name: f"127.0.0.1:{service.port}" for name, service in behind.services.items()}
    services["notification"] = f"127.0.0.1:{free_port()}"
    behind.services["grid"].answers[f"{GRID}GetIncident"] = lambda *_: grid_service_pb2.GetIncidentResponse()
    before = behind.port, behind.admin, behind.access_log
    with envoy(behind, settings(behind, services=services), "down") as stack:
        wait_until(lambda: statistic(stack, "jwks_fetch_success") > 0)
        for _ in range(5):
            reply = stack.call("GET", "/v1/notices")
            assert_shape(reply, 503, "UNAVAILABLE", 14)
            assert reply.detail("ErrorInfo")["metadata"] == {"service": "notification"}
            assert reply.headers["retry-after"] == "1"
        assert stack.call("GET", INCIDENT).status == 200
    behind.port, behind.admin, behind.access_log = before
