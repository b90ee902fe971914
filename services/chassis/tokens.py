"""Access tokens (RFC 9068): every service checks them itself, with a key set that it keeps at hand.

A token that was found good is remembered until it ends, so that a busy client costs one signature check per token and
not one per call.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from services.chassis.keysets import Fetch, KeySet, KeySetKeeper
from services.kernel import checks
from services.kernel.clock import Clock
from services.kernel.errors import Refusal, unauthenticated

ALGORITHM = "ES256"
TYPES = frozenset({"at+jwt", "application/at+jwt"})
LEVELS = {"AL1": 1, "AL2": 2, "AL3": 3}
SKEW = timedelta(seconds=10)
LONGEST_TOKEN = 8192
REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says. `binding` is the SHA-256 fingerprint of the TLS identity it is bound to, base64url.

    `enterprise` is the unified social credit code when the subject is an enterprise, None for all others.
    """

    subject: str
    client_id: str
    scopes: frozenset[str]
    department: str | None
    region: str
    roles: frozenset[str]
    level: int
    not_before: datetime
    expires_at: datetime
    binding: str | None
    enterprise: str | None = None

    @property
    def vouched(self) -> str | None:
        """UUID of the person, or of the enterprise as holder; None when the member system speaks for itself."""
        return None if self.subject == self.client_id else self.subject


class TokenVerifier:
    """Checks access tokens of one issuer for one audience. Safe for use from many threads."""

    def __init__(self, issuer: str, audience: str, fetch: Fetch, clock: Clock, keep: KeySetKeeper) -> None:
        self._issuer, self._audience, self._clock = issuer, audience, clock
        self._keys = KeySet(fetch, clock, keep)
        self._known: OrderedDict[bytes, tuple[str, Claims]] = OrderedDict()
        self._lock = threading.Lock()

    def verify(self, token: str, *, peer_fingerprint: str | None) -> Claims:
        """The claims of a good token; `peer_fingerprint` is that of the caller's TLS identity, None without one.

        Raises Refusal TOKEN_INVALID (param `claim` names what is wrong), TOKEN_EXPIRED, TOKEN_NOT_BOUND, or UNAVAILABLE
        when no key set could be had yet.
        """
        if len(token) > LONGEST_TOKEN:
            raise _invalid("length")
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        claims = self._remembered(digest)
        if claims is None:
            kid, claims = self._check(token)
            self._in_time(claims)
            self._remember(digest, kid, claims)
        self._in_time(claims)
        if claims.binding is not None and not hmac.compare_digest(claims.binding, peer_fingerprint or ""):
            raise unauthenticated("TOKEN_NOT_BOUND")
        return claims

    def _remembered(self, digest: bytes) -> Claims | None:
        """A token seen before, unless its key was withdrawn meanwhile."""
        with self._lock:
            found = self._known.pop(digest, None)
            if found is None or not self._keys.holds(found[0]):
                return None
            if found[1].expires_at + SKEW > self._clock.now():
                self._known[digest] = found  # last in line again: what is used least is forgotten first
            return found[1]

    def _remember(self, digest: bytes, kid: str, claims: Claims) -> None:
        with self._lock:
            self._known[digest] = (kid, claims)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _check(self, token: str) -> tuple[str, Claims]:
        header, payload = self._signed_content(token)
        try:
            claims = json.loads(payload)
        except (ValueError, RecursionError):
            raise _invalid("payload") from None
        return header["kid"], _claims(claims, self._issuer, self._audience)

    def _signed_content(self, token: str) -> tuple[Mapping[str, Any], bytes]:
        """Header and payload, once the signature was found good. Keys come from the key set alone, not the token."""
        try:
            content = jws.extract_compact(token.encode())
            header = content.headers()
            _check_header(header)
            key = self._keys.key(header["kid"])
            good = key is not None and jws.validate_compact(content, key, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError, RecursionError):
            raise _invalid("form") from None
        if not good:
            raise _invalid("signature")
        return header, content.payload or b""

    def _in_time(self, claims: Claims) -> None:
        now = self._clock.now()
        if claims.expires_at + SKEW <= now:
            raise unauthenticated("TOKEN_EXPIRED")
        if claims.not_before - SKEW > now:
            raise _invalid("nbf")


def _check_header(header: Mapping[str, Any]) -> None:
    if header.get("alg") != ALGORITHM:
        raise _invalid("alg")
    if str(header.get("typ", "")).lower() not in TYPES:
        raise _invalid("typ")
    if "crit" in header or "b64" in header:
        raise _invalid("crit")
    if not isinstance(header.get("kid"), str):
        raise _invalid("kid")


def _claims(claims: Any, issuer: str, audience: str) -> Claims:
    """The claims in their types, and for us; times are checked at every use."""
    if not isinstance(claims, dict):
        raise _invalid("payload")
    if claims.get("iss") != issuer:
        raise _invalid("iss")
    audiences = claims.get("aud")
    if audience not in (audiences if isinstance(audiences, list) else [audiences]):
        raise _invalid("aud")
    _text(claims, "jti")
    issued_at = _moment(claims, "iat")
    return Claims(
        subject=_text(claims, "sub"),
        client_id=_text(claims, "client_id"),
        scopes=frozenset(_text(claims, "scope", required=False).split()),
        department=_text(claims, "department", required=False) or None,
        region=_text(claims, "region", required=False),
        roles=_roles(claims),
        level=_level(claims),
        not_before=_moment(claims, "nbf") if "nbf" in claims else issued_at,
        expires_at=_moment(claims, "exp"),
        binding=_binding(claims),
        enterprise=_enterprise(claims),
    )


def _enterprise(claims: Mapping[str, Any]) -> str | None:
    """The enterprise. One of another form is refused rather than left out: it would pass for a person or a client."""
    if "enterprise" not in claims:
        return None
    code = _text(claims, "enterprise")
    if not checks.social_credit_code(code)[0] or claims["sub"] == claims["client_id"]:
        raise _invalid("enterprise")
    return code


def _text(claims: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or (required and not value):
        raise _invalid(name)
    return value


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(value, UTC)
    raise _invalid(name)


def _roles(claims: Mapping[str, Any]) -> frozenset[str]:
    roles = claims.get("roles", [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise _invalid("roles")
    return frozenset(roles)


def _level(claims: Mapping[str, Any]) -> int:
    if "acr" not in claims:
        return 0
    level = LEVELS.get(claims["acr"]) if isinstance(claims["acr"], str) else None
    if level is None:
        raise _invalid("acr")
    return level


def _binding(claims: Mapping[str, Any]) -> str | None:
    """The TLS identity that the token is bound to. A binding of another kind is refused: it cannot be checked here."""
    if "cnf" not in claims:
        return None
    binding = claims["cnf"].get("x5t#S256") if isinstance(claims["cnf"], dict) else None
    if not isinstance(binding, str) or not binding:
        raise _invalid("cnf")
    return binding


def _invalid(claim: str) -> Refusal:
    return unauthenticated("TOKEN_INVALID", claim=claim)
