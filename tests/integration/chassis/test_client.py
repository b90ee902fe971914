"""Reads from another service: with the caller's deadline and trace, outside transactions, kept for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from egov.identity.v1 import identity_service_pb2 as identity

from services.chassis import client as client_module
from services.chassis import telemetry
from services.chassis.answers import Answers
from services.chassis.call import Call, working_on
from services.chassis.client import Channel
from services.chassis.interceptors.errors import render
from services.chassis.tls import TlsIdentity
from services.kernel.errors import Kind, Refusal, not_found
from tests.integration.chassis.harness import World

CONTRACT = identity.DESCRIPTOR.services_by_name["IdentityService"]


@dataclass
class Identity:
    """Stands in for identity: answers what the test says, and notes what it was asked."""

    address: str
    tls: TlsIdentity
    answer: Callable[[], identity.GetRegionResponse] = identity.GetRegionResponse
    asked: list[dict[str, Any]] = field(default_factory=list)
    server: grpc.Server | None = None

    def start(self) -> None:
        self.server = grpc.server(ThreadPoolExecutor(2))
        handler: Any = grpc.unary_unary_rpc_method_handler(
            self._answer, response_serializer=identity.GetRegionResponse.SerializeToString
        )
        name = "egov.identity.v1.IdentityService"
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"GetRegion": handler}),))
        assert self.server.add_secure_port(self.address, self.tls.server_credentials())
        self.server.start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop(0).wait()
            self.server = None

    def _answer(self, raw: bytes, context: Any) -> identity.GetRegionResponse:
        self.asked.append(dict(context.invocation_metadata()) | {"left": context.time_remaining()})
        try:
            return self.answer()
        except Refusal as refusal:
            status = render(refusal, "en", None)
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.NOT_FOUND, refusal.reason)
            raise


@pytest.fixture
def peer(world: World) -> Iterator[Identity]:
    files = world.servers.identities.workload("identity")
    made = Identity(world.servers.ports.address("identity"), TlsIdentity(files.cert, files.key, files.trust))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def channel(world: World, peer: Identity) -> Iterator[Channel]:
    runtime = world.runtime(frozenset())
    opened = Channel(runtime, CONTRACT, "identity")
    opened.open()
    yield opened
    opened.close()
    runtime.engine.dispose()


def region(channel: Channel, code: str = "371102", **more: Any) -> Any:
    call = Call(kind="rpc", name="test", **more)
    with working_on(call):
        return channel.call("GetRegion", identity.GetRegionRequest(code=code), call)


def test_deadline_language_and_trace_travel_on(channel: Channel, peer: Identity) -> None:
    with telemetry.span("startup") as span:
        region(channel, language="en", deadline=time.monotonic() + 1)
    (asked,) = peer.asked
    assert asked["accept-language"] == "en"
    assert asked["traceparent"].split("-")[1] == span.trace_id
    assert 0 < asked["left"] <= 1
    with pytest.raises(Refusal, match="DEADLINE_PASSED"):
        region(channel, "371121", deadline=time.monotonic() - 1)
    assert len(peer.asked) == 1


def test_an_answer_is_kept_as_long_as_the_contract_says_and_cannot_be_spoilt(
    channel: Channel, peer: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = region(channel)
    first.region.name = "spoilt"
    assert region(channel).region.name == ""
    assert len(peer.asked) == 1
    monkeypatch.setattr(Answers, "get", _ignoring_age(Answers.get))
    region(channel)
    assert len(peer.asked) == 2


def test_while_the_service_is_down_an_old_answer_is_served_and_a_new_question_refused_at_once(
    channel: Channel, peer: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    region(channel)
    peer.stop()
    monkeypatch.setattr(Answers, "get", _ignoring_age(Answers.get))
    assert region(channel) is not None
    begun = time.monotonic()
    with pytest.raises(Refusal) as refused:
        region(channel, "371121")
    assert refused.value.kind is Kind.UNAVAILABLE
    assert time.monotonic() - begun < 3


def _ignoring_age(get: Any) -> Any:
    """As if what is kept were older than the contract allows, and younger than a day."""
    return lambda self, key, within_s: get(self, key, within_s) if within_s == client_module.STALE_S else None


def test_a_refusal_keeps_its_reason_and_is_not_bridged(channel: Channel, peer: Identity) -> None:
    def refuse() -> identity.GetRegionResponse:
        raise not_found("REGION_UNKNOWN")

    peer.answer = refuse
    with pytest.raises(Refusal) as refused:
        region(channel)
    assert (refused.value.reason, refused.value.kind) == ("REGION_UNKNOWN", Kind.NOT_FOUND)


def test_inside_a_transaction_it_refuses_even_what_is_kept(channel: Channel, peer: Identity) -> None:
    region(channel)
    with pytest.raises(Refusal, match="REMOTE_CALL_IN_TRANSACTION"):
        region(channel, transaction_open=True)
