"""The door: who is let in, what is refused before a method runs, and what of a failure is told."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from services.chassis.entrypoints import rpc
from services.kernel.errors import Violation, invalid
from services.kernel.ids import uuid7
from tests.integration.chassis.callers import REGION, Answer, token
from tests.integration.chassis.harness import World
from tests.waiting import wait_for


def granting(world: World, function: Any) -> type:
    def GrantPermit(self: Any, request: Any, call: Any) -> Any:
        return function(self, request, call)

    return world.variant(GrantPermit=rpc(GrantPermit))


def details(answer: Answer, kind: Any) -> list[Any]:
    found = []
    for detail in status_pb2.Status.FromString(answer.message).details:
        if detail.Is(kind.DESCRIPTOR):
            message = kind()
            detail.Unpack(message)
            found.append(message)
    return found


def test_what_is_wrong_with_a_request_is_told_field_by_field(world: World) -> None:
    request = world.permits.contract.GrantPermitRequest(region="elsewhere", incident_id="x")
    with world.running("rpc"):
        refused = world.call("GrantPermit", request, key=None, metadata=[("accept-language", "en")])
    assert (refused.reason, refused.status) == ("INVALID_ARGUMENT", grpc.StatusCode.INVALID_ARGUMENT)
    (bad,) = details(refused, error_details_pb2.BadRequest)
    told = {each.field: each.reason for each in bad.field_violations}
    assert told == {"idempotency-key": "KEY_MISSING", "region": "CODE_REGION", "incident_id": "CODE_UUID"}
    assert bad.field_violations[2].description == "Must be a UUID in lower case."
    assert bad.field_violations[2].localized_message.locale == "zh-CN"
    (info,) = details(refused, error_details_pb2.RequestInfo)
    assert info.request_id == refused.metadata["egov-trace-id"]


def test_more_violations_than_a_trailer_holds_are_counted(world: World) -> None:
    def refuse(service: Any, request: Any, call: Any) -> None:
        raise invalid(*(Violation(f"list[{index}]", "required") for index in range(500)))

    with world.running("rpc", service=granting(world, refuse)):
        refused = world.grant()
    assert refused.reason == "INVALID_ARGUMENT"
    (bad,) = details(refused, error_details_pb2.BadRequest)
    (info,) = details(refused, error_details_pb2.ErrorInfo)
    assert len(bad.field_violations) == 20
    assert info.metadata["violations_left_out"] == "480"


def test_bytes_that_are_no_message_and_keys_of_another_form_are_refused(world: World) -> None:
    with world.running("rpc"):
        assert world.call("GrantPermit", b"\xff\xff").reason == "UNDECODABLE_REQUEST"
        assert world.grant(key=None).reason == "KEY_MISSING"
        assert world.grant(key="with space").reason == "KEY_INVALID"
        assert world.call("NoSuchMethod", b"").status is grpc.StatusCode.UNIMPLEMENTED


def test_only_the_gateway_speaks_for_members_and_only_with_a_good_token(world: World) -> None:
    with world.running("rpc"):
        assert world.grant(workload="grid").reason == "CALLER_NOT_ALLOWED"
        assert world.grant(workload="grid", bearer=token()).reason == "CALLER_NOT_ALLOWED"
        assert world.grant(bearer="").reason == "TOKEN_MISSING"
        assert world.grant(bearer="not.a.token").reason == "TOKEN_INVALID"
        assert world.grant(bearer=token(exp=1, iat=1)).reason == "TOKEN_EXPIRED"
        assert world.grant(bearer=token(aud=["others"])).reason == "TOKEN_INVALID"
        assert world.grant(bearer=token(scope="permits.read")).reason == "SCOPE_MISSING"
        assert world.grant(bearer=token(region="")).reason == "REGION_MISSING"
        assert world.grant(bearer=token(region="371121")).reason == "INVALID_ARGUMENT"
        assert world.grant(bearer=token(cnf={"x5t#S256": "A" * 43})).reason == "TOKEN_NOT_BOUND"


def test_a_row_of_another_region_is_not_found(world: World) -> None:
    with world.running("rpc"):
        permit_id = world.grant().message.permit.permit_id
        request = world.permits.contract.GetPermitRequest(permit_id=permit_id)
        assert world.call("GetPermit", request, key=None).message.permit.permit_id == permit_id
        assert world.call("GetPermit", request, bearer=token(region="371121")).reason == "PERMIT_NOT_FOUND"


def test_a_tls_identity_of_another_root_gets_no_connection(world: World) -> None:
    files = world.servers.identities.member_identity("permits")
    credentials = grpc.ssl_channel_credentials(
        files.trust.read_bytes(), files.key.read_bytes(), files.cert.read_bytes()
    )
    options = [("grpc.ssl_target_name_override", "permits"), ("grpc.enable_retries", 0)]
    with world.running("rpc"), grpc.secure_channel(world.rpc, credentials, options) as channel:
        ask: Any = channel.unary_unary("/egov.permits.v1.PermitsService/GetPermit")
        with pytest.raises(grpc.RpcError) as refused:
            ask(b"", timeout=5)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_what_cannot_be_served_soon_is_refused_at_once(world: World) -> None:
    begun, go_on, answers = threading.Event(), threading.Event(), []

    def wait(service: Any, request: Any, call: Any) -> Any:
        begun.set()
        go_on.wait(10)
        return world.permits.contract.GrantPermitResponse()

    with world.running("rpc", service=granting(world, wait), EGOV_THREADS="1", EGOV_CALLS_WAITING="0"):
        first = threading.Thread(target=lambda: answers.append(world.grant()))
        first.start()
        assert begun.wait(10)
        assert world.grant().status is grpc.StatusCode.RESOURCE_EXHAUSTED
        go_on.set()
        first.join()
        wait_for("there is room again", lambda: world.grant().status is grpc.StatusCode.OK)
    assert answers[0].status is grpc.StatusCode.OK


def test_nothing_of_a_fault_is_told(world: World) -> None:
    def fail(service: Any, request: Any, call: Any) -> None:
        raise ValueError("password=secret")

    def leak(service: Any, request: Any, call: Any) -> None:
        service.uow.connection.exec_driver_sql("SELECT secret FROM nowhere")

    for function in (fail, leak):
        with world.running("rpc", service=granting(world, function)):
            refused = world.grant()
        assert (refused.reason, refused.status) == ("INTERNAL", grpc.StatusCode.INTERNAL)
        assert b"secret" not in refused.message and b"ValueError" not in refused.message


def test_calls_in_flight_end_before_the_process_does(world: World) -> None:
    begun, answers = threading.Event(), []

    def slow(service: Any, request: Any, call: Any) -> Any:
        begun.set()
        service.uow.connection.exec_driver_sql("SELECT pg_sleep(0.5)")
        return world.permits.service.PermitsService.GrantPermit(service, request, call)

    with world.running("rpc", service=granting(world, slow)):
        caller = threading.Thread(target=lambda: answers.append(world.grant(str(uuid7()))))
        caller.start()
        assert begun.wait(10)
    caller.join()
    assert answers[0].message.permit.region == REGION
    assert len(world.published()) == 1
