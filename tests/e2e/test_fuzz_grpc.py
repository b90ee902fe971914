"""Every RPC of every service with damaged and odd messages, past the gateway, as the gateway and its peers would call.

Whatever is sent: a refusal or an answer within the deadline, never INTERNAL or UNKNOWN, and nothing half done.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from gateway import contract as contracts
from gateway.catalogue.model import Book
from gateway.contract import EVERY_SERVICE, Method
from tests.e2e.city import City
from tests.e2e.fuzzing import Attack, for_each
from tests.e2e.messages import requests
from tests.e2e.peers import channel

BOOK = Book.of(contracts.load())
METHODS = list(BOOK.contract.methods)
ANSWER_WITHIN_S = 8.0
# One method has one of each kind of input that JSON has two modes for, and damaged bytes besides.
SHARE = 3
TOLD = {
    grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ABORTED,
    grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.PERMISSION_DENIED,
}  # fmt: skip


@pytest.fixture(scope="module")
def attack(city: City) -> Iterator[Attack]:
    """What was sent is held against the books at the end."""
    attack = Attack(city)
    yield attack
    assert list(attack.half_effects()) == []


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
def test_no_message_is_answered_with_a_fault(attack: Attack, method: Method) -> None:
    known = [attack.incident["incidentId"], attack.incident["report"]["region"], attack.incident["caseNumber"]]
    workload = "gateway" if method.outward else next(iter(method.access.inward.services))
    peer = "notification" if workload == "*" else workload
    owner = "grid" if method.owner == EVERY_SERVICE else method.owner
    with channel(attack.city, owner, peer) as opened:
        ask: Any = opened.unary_unary(f"/{method.full_name}")

        def check(message: bytes) -> None:
            said = [("idempotency-key", str(uuid.uuid4()))]
            if method.outward and (token := attack.token(method.access.outward.scope)):
                said.append(("authorization", f"Bearer {token}"))
            call = ask.future(message, timeout=ANSWER_WITHIN_S, metadata=said)
            assert call.code() in TOLD, call.details()
            trace_id = dict(call.initial_metadata()).get("egov-trace-id", "")
            attack.came_of(method.full_name, trace_id, call.code() is grpc.StatusCode.OK)

        for_each(requests(BOOK.message(method.input_type), known), SHARE)(check)
