"""Rates, keys while identity is down, and traces: each with an Envoy of its own settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from egov.grid.v1 import grid_service_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from .shapes import assert_shape
from .stack import Stack, envoy, settings, statistic, wait_until
from .stand_ins import IdentityDoor

GRID = "egov.grid.v1.GridService/"
INCIDENT = "/v1/incidents/abc"


@contextmanager
def own(behind: Stack, name: str, **changes: Any) -> Iterator[Stack]:
    """An Envoy of its own; the shared one's place is kept."""
    before = behind.port, behind.admin, behind.access_log
    grid = behind.services["grid"]
    grid.answers.clear()
    grid.calls.clear()
    grid.answers[f"{GRID}GetIncident"] = lambda *_: grid_service_pb2.GetIncidentResponse()
    grid.answers[f"{GRID}ListIncidentTypes"] = lambda *_: grid_service_pb2.ListIncidentTypesResponse()
    try:
        with envoy(behind, settings(behind, **changes), name) as stack:
            wait_until(lambda: statistic(stack, "jwks_fetch_success") > 0)
            yield stack
    finally:
        behind.port, behind.admin, behind.access_log = before


def test_one_clients_flood_leaves_the_others_alone(behind: Stack) -> None:
    low, high = {"per_second": 1, "burst": 5}, {"per_second": 1000, "burst": 1000}
    with own(behind, "rates", rate_default=low, rate_anonymous=low, rate_clients={"favoured": high}) as stack:
        flood = [stack.call("GET", INCIDENT, stack.keys.token("flooding")) for _ in range(12)]
        refused = [reply for reply in flood if reply.status != 200]
        assert len(refused) >= 6
        assert_shape(refused[0], 429, "RATE_LIMITED", 8)
        assert refused[0].headers["retry-after"] == "1"
        assert refused[0].detail("RetryInfo")["retryDelay"] == "1s"
        assert stack.call("GET", INCIDENT, stack.keys.token("other")).status == 200
        favoured = stack.keys.token("favoured")
        assert {stack.call("GET", INCIDENT, favoured).status for _ in range(12)} == {200}
        anonymous = [stack.call("GET", "/v1/incidentTypes", None).status for _ in range(12)]
        assert anonymous.count(429) >= 6
        member = stack.call("GET", "/v1/incidentTypes", None, identity=stack.member)
        assert member.status == 200
        signing_in = [stack.call("POST", "/oauth2/token", None, body=b"a=b").status for _ in range(12)]
        assert signing_in.count(429) >= 6
        basic = {"authorization": "Basic YTpi"}
        again = [stack.call("POST", "/oauth2/token", None, body=b"a=b", headers=basic).status for _ in range(12)]
        assert again.count(429) >= 6


def test_tokens_are_checked_while_identity_is_down_and_new_keys_are_fetched(behind: Stack) -> None:
    identity = behind.identities["identity"]
    door = IdentityDoor(identity, behind.root.file, behind.keys.jwks)
    place = f"127.0.0.1:{door.port}"
    with own(behind, "keys", identity_http=place, jwks_seconds=10) as stack:
        assert stack.call("GET", INCIDENT).status == 200
        door.stop()
        wait_until(lambda: statistic(stack, "jwks_fetch_failed") > 1)
        assert stack.call("GET", INCIDENT).status == 200
        other = type(stack.keys)()
        assert_shape(stack.call("GET", INCIDENT, other.token()), 401, "TOKEN_INVALID", 16)
        back = IdentityDoor(identity, behind.root.file, other.jwks, door.port)
        wait_until(lambda: stack.call("GET", INCIDENT, other.token()).status == 200)
        back.stop()


def test_no_keys_yet_is_no_fault_of_the_token(behind: Stack) -> None:
    values = settings(behind, identity_http="127.0.0.1:1")
    before = behind.port, behind.admin, behind.access_log
    with envoy(behind, values, "no-keys") as stack:
        reply = stack.call("GET", INCIDENT)
        assert_shape(reply, 503, "KEYS_UNAVAILABLE", 14)
        assert reply.headers["retry-after"] == "2"
    behind.port, behind.admin, behind.access_log = before


def test_an_upstream_with_another_services_identity_is_not_believed(behind: Stack) -> None:
    services = {name: f"127.0.0.1:{service.port}" for name, service in behind.services.items()}
    with own(behind, "impostor", services={**services, "grid": services["identity"]}) as stack:
        assert_shape(stack.call("GET", INCIDENT), 503, "UNAVAILABLE", 14)


def test_an_outsiders_flag_decides_nothing_about_sampling(behind: Stack) -> None:
    parents = {"00": "a" * 32, "01": "b" * 32}
    grid = behind.services["grid"]
    for ratio, flag in ((1.0, "01"), (0.0, "00")):
        with own(behind, f"trace-{flag}", trace_ratio=ratio) as stack:
            for asked, trace_id in parents.items():
                headers = {"traceparent": f"00-{trace_id}-{'c' * 16}-{asked}"}
                reply = stack.call("GET", INCIDENT, headers=headers)
                assert reply.headers["egov-trace-id"] == trace_id
                told = str(grid.calls[-1].metadata["traceparent"])
                assert told.startswith(f"00-{trace_id}-")
                assert told.endswith(f"-{flag}")


def test_spans_say_what_happened_and_nothing_about_people(behind: Stack) -> None:
    with own(behind, "spans") as stack:
        headers = {"user-agent": "secret-agent"}
        trace_id = stack.call("GET", "/v1/incidents/secret-id", headers=headers).headers["egov-trace-id"]
        stack.call("GET", "/v1/incidents?region=secret-region")
        stack.call("GET", "/secret-path?secret-query")
        wait_until(lambda: any(span.trace_id.hex() == trace_id for span in stack.spans.spans))
        wait_until(lambda: len(stack.spans.spans) >= 3)
    spans = [span for span in behind.spans.spans if span.trace_id.hex() == trace_id]
    assert [span.name for span in spans] == [f"{GRID}GetIncident"]
    parent = str(behind.services["grid"].calls[0].metadata["traceparent"]).split("-")[2]
    assert spans[0].span_id.hex() == parent
    for span in behind.spans.spans:
        assert "secret" not in str(span)
    # Callers' addresses; where identity is, when its keys are fetched within a call, is no secret.
    of_callers = [span for span in behind.spans.spans if span.kind == trace_pb2.Span.SPAN_KIND_SERVER]
    assert not {(span.name, each.key) for span in of_callers for each in span.attributes if "127.0.0.1" in str(each)}
