"""Calls that succeed: what goes in, what comes out, what is stripped on the way."""

from __future__ import annotations

from typing import TypeAlias, cast

import grpc
import pytest
from egov.chassis.v1 import operations_service_pb2
from egov.grid.v1 import grid_service_pb2, incidents_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from .stack import Stack, wait_until

GRID = "egov.grid.v1.GridService/"
OPERATIONS = "egov.chassis.v1.OperationsService/"
UnaryCall: TypeAlias = "grpc.UnaryUnaryMultiCallable[bytes, bytes]"
CASE = "371102-20261123-2000427-X"


def answer_get(_: bytes, context: grpc.ServicerContext) -> grid_service_pb2.GetIncidentResponse:
    context.send_initial_metadata((("egov-case-number", CASE),))
    incident = incidents_pb2.Incident(incident_id="1", version=9_007_199_254_740_993, case_number=CASE)
    return grid_service_pb2.GetIncidentResponse(incident=incident)


def test_json_becomes_grpc_and_back(gateway: Stack) -> None:
    gateway.services["grid"].answers[f"{GRID}GetIncident"] = answer_get
    reply = gateway.call("GET", "/v1/incidents/abc")
    incident = reply.json()["incident"]
    assert (reply.status, reply.headers["egov-case-number"]) == (200, CASE)
    assert incident["version"] == "9007199254740993"
    assert incident["state"] == "INCIDENT_STATE_UNSPECIFIED"
    assert incident["enterpriseCodeDoubtful"] is False
    assert len(reply.headers["egov-trace-id"]) == 32
    assert reply.headers["cache-control"] == "no-store"
    assert not [name for name in reply.headers if name.startswith(("grpc-", "x-envoy"))]
    asked = grid_service_pb2.GetIncidentRequest.FromString(gateway.services["grid"].calls[0].body)
    assert asked.incident_id == "abc"


def test_body_path_and_query_reach_the_request(gateway: Stack) -> None:
    grid = gateway.services["grid"]
    grid.answers[f"{GRID}DispatchIncident"] = lambda *_: grid_service_pb2.DispatchIncidentResponse()
    grid.answers[f"{GRID}ListIncidents"] = lambda *_: grid_service_pb2.ListIncidentsResponse()
    body = {"version": 7, "department": "371102-SCJG"}
    assert gateway.call("POST", "/v1/incidents/a-b:dispatch", json=body).status == 200
    dispatched = grid_service_pb2.DispatchIncidentRequest.FromString(grid.calls[-1].body)
    assert (dispatched.incident_id, dispatched.version, dispatched.department) == ("a-b", 7, "371102-SCJG")
    query = "state=INCIDENT_STATE_FILED&page.pageSize=5&page.page_token=%E6%97%A5+a"
    reply = gateway.call("GET", f"/v1/incidents?{query}")
    assert reply.json() == {"incidents": [], "page": None} or reply.json() == {"incidents": []}
    listed = grid_service_pb2.ListIncidentsRequest.FromString(grid.calls[-1].body)
    assert (listed.state, listed.page.page_size) == (incidents_pb2.INCIDENT_STATE_FILED, 5)


def test_anonymous_methods_need_no_token(gateway: Stack) -> None:
    gateway.services["grid"].answers[f"{GRID}ListIncidentTypes"] = lambda *_: (
        grid_service_pb2.ListIncidentTypesResponse()
    )
    assert gateway.call("GET", "/v1/incidentTypes", None).status == 200


def test_metadata_passes_and_what_is_internal_does_not(gateway: Stack) -> None:
    grid = gateway.services["grid"]
    grid.answers[f"{GRID}GetIncident"] = answer_get
    passing = {"idempotency-key": "k-1", "accept-language": "en"}
    stripped = {
        "x-forwarded-client-cert": "Hash=00;URI=spiffe://egov/grid",
        "x_forwarded_client_cert": "Hash=01;URI=spiffe://egov/grid",
        "X-Egov-Region": "3711",
        "X-FORWARDED-FOR": "203.0.113.9",
        "forwarded": "for=203.0.113.9",
        "x-egov-caller": "grid",
        "egov-case-number": "1",
        "egov-caller": "grid",
        "x-envoy-original-path": "/x",
        "x-envoy-retry-on": "5xx",
        "x-envoy-anything": "1",
        "grpc-timeout": "1n",
        "grpc-encoding": "gzip",
        "grpc-trace-bin": "AA",
        "baggage": "name=someone",
        "x-request-id": "mine",
    }
    assert gateway.call("GET", "/v1/incidents/abc", headers={**passing, **stripped}).status == 200
    metadata = grid.calls[0].metadata
    assert {name: metadata[name] for name in passing} == passing
    assert metadata["authorization"]
    assert not [name for name, value in stripped.items() if metadata.get(name.lower()) == value]
    assert not set(metadata.values()) & {stripped["x_forwarded_client_cert"], "3711"}
    assert not [name for name in metadata if name.startswith(("x-egov", "egov-", "x-envoy-o", "x-envoy-r", "grpc-e"))]
    assert "x-forwarded-client-cert" not in metadata


@pytest.mark.parametrize("name", ["x#a", "x~a", "x|a", "x-octets-bin", "grpc-status-details-bin"])
def test_a_header_that_grpc_has_no_room_for_is_left_out(gateway: Stack, name: str) -> None:
    grid = gateway.services["grid"]
    grid.answers[f"{GRID}GetIncident"] = answer_get
    assert gateway.call("GET", "/v1/incidents/abc", headers={name: "!!!"}).status == 200
    assert name not in grid.calls[0].metadata


def test_a_client_certificate_is_forwarded_as_envoy_saw_it(gateway: Stack) -> None:
    grid = gateway.services["grid"]
    grid.answers[f"{GRID}GetIncident"] = answer_get
    claimed = {"x-forwarded-client-cert": "Hash=00;URI=spiffe://egov/grid"}
    gateway.call("GET", "/v1/incidents/abc", headers=claimed, identity=gateway.member)
    told = str(grid.calls[0].metadata["x-forwarded-client-cert"]).split(";")
    assert told[-2:] == [f"Hash={gateway.member.fingerprint}", "URI=spiffe://egov/member-test"]


def test_grpc_passes_with_a_client_certificate(gateway: Stack) -> None:
    grid = gateway.services["grid"]
    grid.answers[f"{GRID}GetIncident"] = answer_get
    with gateway.channel(gateway.member) as channel:
        call: UnaryCall = channel.unary_unary(f"/{GRID}GetIncident")
        body = grid_service_pb2.GetIncidentRequest(incident_id="x").SerializeToString()
        answer, done = call.with_call(body, metadata=(gateway.bearer(), ("idempotency-key", "k")), timeout=5)
        headers = {name: str(value) for name, value in done.initial_metadata() or ()}
    assert grid_service_pb2.GetIncidentResponse.FromString(answer).incident.case_number == CASE
    assert (headers["egov-case-number"], len(headers["egov-trace-id"])) == (CASE, 32)
    metadata = grid.calls[0].metadata
    assert f"Hash={gateway.member.fingerprint}" in str(metadata["x-forwarded-client-cert"])
    assert metadata["idempotency-key"] == "k"


def refused(gateway: Stack, method: str, *metadata: tuple[str, str], body: bytes = b"") -> tuple[grpc.StatusCode, str]:
    """Code and reason of a gRPC call that the gateway itself refuses."""
    with gateway.channel() as channel:
        try:
            call: UnaryCall = channel.unary_unary(f"/{method}")
            call(body, metadata=metadata, timeout=5)
        except grpc.RpcError as error:
            failed = cast("grpc.Call", error)
            status = rpc_status.from_call(failed)
            assert status is not None, error
            info, texts = error_details_pb2.ErrorInfo(), []
            for detail in status.details:
                if detail.Is(info.DESCRIPTOR):
                    detail.Unpack(info)
                if detail.Is(error_details_pb2.LocalizedMessage.DESCRIPTOR):
                    text = error_details_pb2.LocalizedMessage()
                    detail.Unpack(text)
                    texts.append(text.locale)
            assert texts == ["zh-CN", "en"]
            assert "{" not in (failed.details() or "")
            return failed.code(), info.reason
    raise AssertionError("the call succeeded")


def test_grpc_callers_get_rich_errors_too(gateway: Stack) -> None:
    good = gateway.bearer()
    assert refused(gateway, f"{GRID}GetIncident") == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
    assert refused(gateway, "no.Such/Method", good) == (grpc.StatusCode.UNIMPLEMENTED, "NO_SUCH_ROUTE")
    large = refused(gateway, f"{GRID}GetIncident", good, body=b"x" * 1_100_000)
    assert large == (grpc.StatusCode.INVALID_ARGUMENT, "BODY_TOO_LARGE")


def test_inward_methods_are_unreachable(gateway: Stack) -> None:
    identity = gateway.services["identity"]
    for name in ("GetRegion", "GetContact", "GetKeySet"):
        method = f"egov.identity.v1.IdentityService/{name}"
        identity.answers[method] = lambda *_: operations_service_pb2.RetryParkedResponse()
        assert refused(gateway, method, gateway.bearer())[0] is grpc.StatusCode.UNIMPLEMENTED
        for kind in ("application/json", "application/x-protobuf"):
            reply = gateway.call("POST", f"/{method}", body=b"{}", headers={"content-type": kind})
            assert (reply.status, reply.reason) == (404, "NO_SUCH_ROUTE")
    assert not identity.calls


def test_operations_are_routed_by_path_and_by_metadata(gateway: Stack) -> None:
    for name, service in gateway.services.items():
        service.answers[f"{OPERATIONS}GetStatus"] = lambda *_: operations_service_pb2.GetStatusResponse(parked=1)
        reply = gateway.call("GET", f"/v1/operations/{name}/status")
        assert (reply.status, reply.json()["parked"]) == (200, "1")
        assert operations_service_pb2.GetStatusRequest.FromString(service.calls[0].body).service == name
        with gateway.channel() as channel:
            call: UnaryCall = channel.unary_unary(f"/{OPERATIONS}GetStatus")
            call(b"", metadata=(gateway.bearer(), ("egov-service", name)), timeout=5)
        assert len(service.calls) == 2
    for named in ((), (("egov-service", "unheard"),)):
        code, reason = refused(gateway, f"{OPERATIONS}GetStatus", gateway.bearer(), *named)
        assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "SERVICE_NOT_NAMED")


def test_reads_are_tried_again_and_changes_are_not(gateway: Stack) -> None:
    grid = gateway.services["grid"]

    def unavailable(_: bytes, context: grpc.ServicerContext) -> grid_service_pb2.GetIncidentResponse:
        context.abort(grpc.StatusCode.UNAVAILABLE, "going away")
        raise AssertionError

    grid.answers.update({f"{GRID}GetIncident": unavailable, f"{GRID}FileIncident": unavailable})
    assert gateway.call("GET", "/v1/incidents/abc").reason == "UNAVAILABLE"
    assert len(grid.calls) == 2
    assert gateway.call("POST", "/v1/incidents", json={}).reason == "UNAVAILABLE"
    assert len(grid.calls) == 3


def test_signing_in_needs_no_token_and_goes_to_identitys_door(gateway: Stack) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "authorization": "Basic YTpi", "cookie": "a=b"}
    reply = gateway.call("POST", "/oauth2/token", None, body=b"grant_type=x", headers=headers)
    assert reply.json() == {"access_token": "t"}
    received = gateway.door.token_headers[-1]
    assert received["authorization"] == "Basic YTpi"
    assert "cookie" not in received
    assert gateway.call("GET", "/.well-known/jwks.json", None).json() == gateway.keys.jwks
    assert gateway.call("GET", "/oauth2/token", None).status == 405
    assert gateway.call("POST", "/oauth2/token", None, body=b"x" * 100_000).status == 413


def test_web_pages_of_named_origins_may_call(gateway: Stack) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    known = gateway.call("OPTIONS", "/v1/incidents", None, headers={"origin": "https://app.example", **asked})
    assert known.headers["access-control-allow-origin"] == "https://app.example"
    assert "idempotency-key" in known.headers["access-control-allow-headers"]
    refusal = gateway.call("GET", "/v1/incidents/a", None, headers={"origin": "https://app.example"})
    assert (refusal.status, refusal.headers["access-control-allow-origin"]) == (401, "https://app.example")
    other = gateway.call("OPTIONS", "/v1/incidents", None, headers={"origin": "https://other.example", **asked})
    assert "access-control-allow-origin" not in other.headers


def test_the_access_log_says_what_happened_and_nothing_about_people(gateway: Stack) -> None:
    gateway.services["grid"].answers[f"{GRID}GetIncident"] = answer_get
    headers = {"user-agent": "secret-agent", "x-secret": "secret-header"}
    trace = gateway.call("GET", "/v1/incidents/secret-id", headers=headers).headers["egov-trace-id"]
    gateway.call("GET", "/v1/incidents?region=secret-region")
    gateway.call("GET", "/secret-path?secret-query")
    gateway.call("GET", "/secret-last", None)

    def lines() -> list[dict[str, object]]:
        return [line for line in gateway.log_lines() if line.get("trace_id") == trace]

    wait_until(lambda: bool(lines()))
    line = lines()[0]
    assert line["route"] == f"json {GRID}GetIncident"
    assert (line["status"], line["grpc_status"], line["case_number"]) == (200, "OK", CASE)
    assert line["client"] == "test-member"
    assert "secret" not in gateway.access_log.read_text()
