"""Services at each other's doors: what the contract names them for, and nothing else, whatever they show beside."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from deploy.local import parts
from gateway import contract as contracts
from gateway.contract import Method
from services.chassis.interceptors.errors import read_status
from tests.e2e.city import COUNTY, City
from tests.e2e.peers import channel

METHODS = contracts.load().methods
INWARD = [method for method in METHODS if not method.outward]
OUTWARD = [method for method in METHODS if method.outward and method.owner in parts.names()]
WORKLOADS = (*parts.names(), "gateway", "catalogue", "collector", "kafka")


def reason(city: City, method: Method, peer: str, *said: tuple[str, str]) -> str:
    """Why a call with nothing in it is refused; nothing when it is not."""
    # What every service answers is asked of one.
    owner = "grid" if method.owner == contracts.EVERY_SERVICE else method.owner
    with channel(city, owner, peer) as opened:
        ask: Any = opened.unary_unary(f"/{method.full_name}")
        call = ask.future(b"", timeout=10, metadata=said)
        if call.code() is grpc.StatusCode.OK:
            return ""
        details = dict(call.trailing_metadata())["grpc-status-details-bin"]
        return read_status(status_pb2.Status.FromString(details)).reason


@pytest.mark.parametrize("method", INWARD, ids=lambda method: method.name)
def test_a_service_calls_what_the_contract_names_it_for(city: City, method: Method) -> None:
    named = set(method.access.inward.services)
    allowed = set(WORKLOADS) - {"gateway"} if named == {"*"} else named
    let_in = {peer for peer in WORKLOADS if reason(city, method, peer) != "CALLER_NOT_ALLOWED"}
    assert let_in == allowed


@pytest.mark.parametrize("method", OUTWARD, ids=lambda method: method.name)
def test_a_persons_token_and_a_forwarded_tls_identity_are_of_no_use_to_a_service(city: City, method: Method) -> None:
    said = [("authorization", f"Bearer {city.people.seat(COUNTY).token()}")]
    said.append(("x-forwarded-client-cert", f"Hash={'0' * 64};URI=spiffe://egov/gateway"))
    for peer in set(parts.names()) - {method.owner}:
        assert reason(city, method, peer, *said) == "CALLER_NOT_ALLOWED"
