"""Access: the contract says per method who may call; this holds it. The gateway's own check is not enough."""

from __future__ import annotations

from collections.abc import Callable

from egov.common.v1 import options_pb2

from services.chassis.contract import Method
from services.chassis.interceptors.exchange import Desk, Exchange, Step
from services.chassis.tls import GATEWAY
from services.kernel import regions
from services.kernel.errors import denied, unauthenticated
from services.kernel.ports import Caller

LEVELS = {1: "AL1", 2: "AL2", 3: "AL3"}
ANY_SERVICE = "*"

Check = Callable[[Caller], None]


def access(method: Method, desk: Desk, proceed: Step) -> Step:
    """Refused: CALLER_NOT_ALLOWED, TOKEN_MISSING, SCOPE_MISSING, LEVEL_TOO_LOW, REGION_MISSING."""
    rule = method.access
    check = _inward(rule.inward) if rule.WhichOneof("door") == "inward" else _outward(rule.outward)

    def step(exchange: Exchange) -> bytes:
        caller = exchange.call.caller
        check(caller)
        if rule.region_bound:
            if not caller.region:
                raise denied("REGION_MISSING")
            exchange.call.region = regions.scope_prefix(caller.region)
        return proceed(exchange)

    return step


def _inward(rule: options_pb2.Inward) -> Check:
    services = frozenset(rule.services)

    def check(caller: Caller) -> None:
        if caller.workload == GATEWAY or not (ANY_SERVICE in services or caller.workload in services):
            raise denied("CALLER_NOT_ALLOWED")

    return check


def _outward(rule: options_pb2.Outward) -> Check:
    def check(caller: Caller) -> None:
        if caller.workload != GATEWAY:
            raise denied("CALLER_NOT_ALLOWED")
        if rule.anonymous:
            return
        if caller.anonymous:
            raise unauthenticated("TOKEN_MISSING")
        if rule.scope not in caller.scopes:
            raise denied("SCOPE_MISSING", scope=rule.scope)
        if caller.level < rule.lowest_level:
            raise denied("LEVEL_TOO_LOW", level=LEVELS[rule.lowest_level])

    return check
