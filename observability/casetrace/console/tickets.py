"""Tickets: how an operator who has no password here gets in. The member system that the console is signs a short one.

A ticket names the operator, is for the console alone, ends within ten minutes and is good once. It gives no rights:
those come from identity, which the console asks for an access token of the operator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from services.kernel.errors import unauthenticated

AUDIENCE = "egov-console"
ALGORITHM = "ES256"
LONGEST_LIFE = timedelta(minutes=10)
SKEW = timedelta(seconds=10)
LONGEST_TICKET = 2048
OPERATOR = re.compile(r"[^\s@]{1,64}@[0-9]{6,15}-[A-Z]{2,8}")
ID = re.compile(r"[A-Za-z0-9._-]{16,128}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """A good ticket: for whom, and when it ends. `id`: SHA-256 of its `jti`."""

    operator: str
    id: bytes
    ends_at: datetime


def read_ticket(text: str, key: ECKey, client_id: str, now: datetime) -> Ticket:
    """The ticket, if it is good but for having been used. Raises Refusal TICKET_INVALID or TICKET_EXPIRED."""
    claims = _claims(text, key)
    life = {name: _moment(claims.get(name)) for name in ("iat", "exp")}
    fits = (
        claims.get("iss") == client_id
        and claims.get("aud") == AUDIENCE
        and OPERATOR.fullmatch(str(claims.get("sub")))
        and ID.fullmatch(str(claims.get("jti")))
        and life["iat"] - SKEW <= now
        and life["exp"] - life["iat"] <= LONGEST_LIFE
    )
    if not fits:
        raise unauthenticated("TICKET_INVALID")
    if life["exp"] <= now:
        raise unauthenticated("TICKET_EXPIRED")
    return Ticket(claims["sub"], sha256(claims["jti"].encode()).digest(), life["exp"])


def _claims(text: str, key: ECKey) -> dict[str, Any]:
    try:
        if len(text) > LONGEST_TICKET:
            raise ValueError("too long")
        return dict(jwt.decode(text, key, algorithms=[ALGORITHM]).claims)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise unauthenticated("TICKET_INVALID") from None


def _moment(value: Any) -> datetime:
    """A claim's moment. Raises Refusal TICKET_INVALID for what is none."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("no number")
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise unauthenticated("TICKET_INVALID") from None
