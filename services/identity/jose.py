"""JOSE: which public keys are fit, what an assertion says and who signed it, and the signing of access tokens."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from services.identity.keys import ALGORITHM, KeyRing

PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
LONGEST_KID = 128
RSA_BITS = range(2048, 8193)


class Jose:
    """Implements `usecases.tokens.Jose` with the signing keys of a key ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def issuer_of(self, assertion: str) -> str:
        """Who an assertion says it is from, before any check; empty when that cannot be read."""
        try:
            issuer = json.loads(jws.extract_compact(assertion.encode()).payload or b"")["iss"]
        except (JoseError, ValueError, TypeError, LookupError, RecursionError):
            return ""
        return issuer if isinstance(issuer, str) else ""

    def read(self, assertion: str, public_keys: Collection[str]) -> Mapping[str, Any] | None:
        """The claims of an assertion that one of the keys signed, None for any other."""
        return next((claims for key in public_keys if (claims := _read(assertion, key)) is not None), None)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """An access token (RFC 9068), signed with the active key."""
        signing = self._ring.active()
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": signing.kid}
        payload = json.dumps(claims, separators=(",", ":"))
        return jws.serialize_compact(header, payload, signing.key, algorithms=[ALGORITHM])


def fit_key(text: str) -> str | None:
    """The canonical form of a public key that assertions may be signed with, None when it is not fit.

    Fit are ES256 (P-256) and RS256 (2048 to 8192 bits) keys for signatures, without private parts.
    """
    try:
        jwk = json.loads(text)
        if not isinstance(jwk, dict) or PRIVATE & jwk.keys() or jwk.get("use", "sig") != "sig":
            return None
        key, algorithm = _imported(jwk)
        if jwk.get("alg", algorithm) != algorithm:
            return None
        kid = jwk.get("kid") or key.thumbprint()
    except (JoseError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return None
    if not isinstance(kid, str) or len(kid) > LONGEST_KID:
        return None
    public = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
    return json.dumps({**public, "kid": kid, "use": "sig", "alg": algorithm}, separators=(",", ":"), sort_keys=True)


def _imported(jwk: dict[str, Any]) -> tuple[ECKey | RSAKey, str]:
    if jwk["kty"] == "EC" and jwk["crv"] == "P-256":
        ec = ECKey.import_key(jwk)
        ec.public_key.public_numbers()  # reading it is what checks that the point lies on the curve
        return ec, "ES256"
    if jwk["kty"] == "RSA" and int.from_bytes(urlsafe_b64decode(jwk["n"].encode())).bit_length() in RSA_BITS:
        return RSAKey.import_key(jwk), "RS256"
    raise ValueError("neither ES256 nor RS256")


@lru_cache(maxsize=512)
def _known_key(text: str) -> tuple[ECKey | RSAKey, str]:
    return _imported(json.loads(text))


def _read(assertion: str, public_key: str) -> Mapping[str, Any] | None:
    """The claims, if this key signed them with its own algorithm; the header decides nothing."""
    key, algorithm = _known_key(public_key)
    try:
        content = jws.deserialize_compact(assertion.encode(), key, algorithms=[algorithm])
        claims = json.loads(content.payload or b"")
    except (JoseError, ValueError, TypeError, RecursionError):
        return None
    odd = {"crit", "b64"} & content.headers().keys()
    return claims if isinstance(claims, dict) and not odd else None
