"""Caller: who calls. The workload comes from the peer's TLS identity, the person or client only from a token.

The gateway is never a caller by itself. What it forwards about a member's TLS identity is believed from it alone; user
tokens are never forwarded to the next service, so a token from another workload counts for nothing.
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace

from services.chassis import telemetry
from services.chassis.call import SYSTEM
from services.chassis.contract import Method
from services.chassis.denylist import deny_list
from services.chassis.interceptors.exchange import Desk, Exchange, Step
from services.chassis.tls import GATEWAY, workload_of
from services.chassis.tokens import Claims
from services.kernel.casenumber import broken_rule
from services.kernel.errors import denied, unauthenticated
from services.kernel.ports import Caller

BEARER = "bearer "
HASH = re.compile(r"(?:^|;)Hash=([0-9a-fA-F]{64})(?:;|$)")


def caller(method: Method, desk: Desk, proceed: Step) -> Step:
    """Tells who calls, and in which language. Refused: no TLS identity of ours, a bad token, whoever is shut out."""

    def step(exchange: Exchange) -> bytes:
        workload = workload_of(exchange.peer)
        if workload is None:
            raise denied("CALLER_NOT_ALLOWED")
        exchange.call.language = language_of(exchange.metadata.get("accept-language", ""))
        peer = replace(SYSTEM, workload=workload)
        exchange.call.caller = _from_token(exchange, desk) if workload == GATEWAY else peer
        deny_list(desk.runtime.engine).demand_allowed(exchange.call.caller)
        if workload != GATEWAY:
            _join_case(exchange)
        return proceed(exchange)

    return step


def _join_case(exchange: Exchange) -> None:
    """What another service asks for a case serves that case; it gives no access. From outside it is never believed."""
    case_number = exchange.metadata.get("egov-case-number", "")
    if broken_rule(case_number) is None:
        exchange.call.case_number = case_number
        telemetry.set_case(case_number)


def _from_token(exchange: Exchange, desk: Desk) -> Caller:
    authorization = exchange.metadata.get("authorization", "")
    if not authorization:
        return replace(SYSTEM, workload=GATEWAY, anonymous=True)
    if not authorization.lower().startswith(BEARER):
        raise unauthenticated("TOKEN_INVALID", claim="scheme")
    fingerprint = member_fingerprint(exchange.metadata.get("x-forwarded-client-cert", ""))
    return caller_of(desk.verifier.verify(authorization[len(BEARER) :].strip(), peer_fingerprint=fingerprint))


def caller_of(claims: Claims) -> Caller:
    """Who calls from outside with a token that says this."""
    return Caller(
        workload=GATEWAY,
        client_id=claims.client_id,
        subject=claims.vouched,
        department=claims.department,
        region=claims.region,
        roles=claims.roles,
        scopes=claims.scopes,
        level=claims.level,
        anonymous=False,
        enterprise=claims.enterprise,
    )


def member_fingerprint(forwarded: str) -> str | None:
    """The SHA-256 fingerprint of the member's TLS identity, base64url (RFC 8705), from Envoy's forwarded header."""
    found = HASH.search(forwarded)
    if found is None:
        return None
    return base64.urlsafe_b64encode(bytes.fromhex(found[1])).rstrip(b"=").decode()


def language_of(accept: str) -> str:
    """The first language of an Accept-Language header that the backbone speaks; zh-CN when there is none."""
    for part in accept.split(","):
        tag = part.partition(";")[0].strip().lower()
        if tag.startswith("zh"):
            return "zh-CN"
        if tag.startswith("en"):
            return "en"
    return "zh-CN"
