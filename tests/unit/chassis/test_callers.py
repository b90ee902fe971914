"""Who calls, which language they read, and who may call what."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, cast

import pytest
from egov.grid.v1 import grid_service_pb2
from egov.identity.v1 import identity_service_pb2

from services.chassis.call import Call
from services.chassis.contract import Method, methods_of
from services.chassis.interceptors import INTERCEPTORS
from services.chassis.interceptors.access import access
from services.chassis.interceptors.caller import language_of, member_fingerprint
from services.chassis.interceptors.exchange import Exchange
from services.chassis.tls import workload_of
from services.kernel.errors import Refusal
from services.kernel.ports import Caller

GRID = methods_of(grid_service_pb2.DESCRIPTOR.services_by_name["GridService"])
IDENTITY = methods_of(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"])


def test_the_order_of_the_interceptors_is_the_one_of_the_design() -> None:
    names = [cast(Any, interceptor).__name__ for interceptor in INTERCEPTORS]
    assert names == ["telemetry", "errors", "deadline", "caller", "audit", "access", "validation"]


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW", "zh-CN"),
        ("fr, de;q=0.9, en;q=0.1", "en"),
        ("fr", "zh-CN"),
        ("*", "zh-CN"),
        (";;,,", "zh-CN"),
        ("EN", "en"),
    ],
)
def test_the_first_language_that_is_spoken_is_taken(accept: str, language: str) -> None:
    assert language_of(accept) == language


def test_a_members_fingerprint_is_read_from_what_the_gateway_forwards() -> None:
    digest = hashlib.sha256(b"certificate").digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    own = f"Hash={digest.hex()}"
    for forwarded in (own, f'By=x;{own};Subject="CN=a"', f"Hash={digest.hex().upper()}"):
        assert member_fingerprint(forwarded) == expected
    for forwarded in ("", "Hash=12", f"Not{own}", f"{own}0", 'Subject="CN=x"'):
        assert member_fingerprint(forwarded) is None


def test_a_workload_is_named_by_its_spiffe_id_alone() -> None:
    assert workload_of([b"localhost", b"spiffe://egov/grid"]) == "grid"
    assert workload_of(["grid", "127.0.0.1", "spiffe://egov-members/grid", "spiffe://other/grid"]) is None


def caller(**facts: Any) -> Caller:
    given: dict[str, Any] = {
        "workload": "gateway", "client_id": "c", "subject": "s", "department": None, "region": "371102",
        "roles": frozenset(), "scopes": frozenset({"grid.incidents.file", "grid.incidents.dispatch"}), "level": 2,
        "anonymous": False,
    }  # fmt: skip
    return Caller(**given | facts)


def passed(method: Method, by: Caller) -> tuple[str, str]:
    """The reason of the refusal ('' for none), and the region that the call is bound to."""
    call = Call(kind="rpc", name=method.name, method=method, caller=by)
    exchange = Exchange(call=call, raw=b"", metadata={}, peer=(), time_left=None)
    try:
        access(method, cast(Any, None), lambda exchange: b"")(exchange)
    except Refusal as refusal:
        return refusal.reason, ""
    return "", call.region


@pytest.mark.parametrize(
    ("method", "by", "outcome"),
    [
        (GRID["FileIncident"], caller(), ("", "371102")),
        (GRID["FileIncident"], caller(region="371100"), ("", "3711")),
        (GRID["FileIncident"], caller(region=""), ("REGION_MISSING", "")),
        (GRID["FileIncident"], caller(scopes=frozenset()), ("SCOPE_MISSING", "")),
        (GRID["FileIncident"], caller(workload="grid"), ("CALLER_NOT_ALLOWED", "")),
        (GRID["FileIncident"], caller(anonymous=True), ("TOKEN_MISSING", "")),
        (GRID["DispatchIncident"], caller(), ("", "371102")),
        (GRID["DispatchIncident"], caller(level=1), ("LEVEL_TOO_LOW", "")),
        (GRID["ListIncidentTypes"], caller(anonymous=True, scopes=frozenset()), ("", "")),
        (IDENTITY["GetRegion"], caller(workload="grid"), ("", "")),
        (IDENTITY["GetRegion"], caller(), ("CALLER_NOT_ALLOWED", "")),
        (IDENTITY["GetContact"], caller(workload="grid"), ("CALLER_NOT_ALLOWED", "")),
        (IDENTITY["GetKeySet"], caller(workload="permits"), ("", "")),
        (IDENTITY["GetKeySet"], caller(), ("CALLER_NOT_ALLOWED", "")),
    ],
)
def test_the_contract_says_who_may_call(method: Method, by: Caller, outcome: tuple[str, str]) -> None:
    assert passed(method, by) == outcome
