"""An issuer of tokens, as the tests need one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from services.chassis.tokens import TokenVerifier
from services.kernel.clock import FixedClock
from services.kernel.errors import Refusal

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ISSUER = "https://gateway.rizhao.example"
KEY = ECKey.generate_key("P-256", private=True)
OTHER_KEY = ECKey.generate_key("P-256", private=True)
PERSON = "019b76da-a800-7181-9950-d99e1baeefcf"
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": ["egov"],
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300,
    "jti": "019b76da-a800-7000-8000-000000000001",
    "sub": PERSON,
    "client_id": "rizhao-office",
    "scope": "grid.incidents.file grid.incidents.read",
    "department": "371102-SCJG",
    "region": "371102",
    "roles": ["officer"],
    "acr": "AL2",
}


class Keeper:
    """Keeps the key set in memory."""

    def __init__(self, kept: str | None = None) -> None:
        self.kept = kept

    def load(self) -> str | None:
        return self.kept

    def save(self, jwks_json: str) -> None:
        self.kept = jwks_json


class Issuer:
    """Publishes keys, unless it is down; counts how often it was asked."""

    def __init__(self, *keys: ECKey) -> None:
        self.keys, self.asked, self.down = list(keys), 0, False

    def __call__(self) -> str:
        self.asked += 1
        if self.down:
            raise ConnectionError
        return key_set(*self.keys)


def key_set(*keys: ECKey) -> str:
    return json.dumps({"keys": [{**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig"} for key in keys]})


def token(key: ECKey = KEY, *, header: dict[str, Any] | None = None, drop: str = "", **claims: Any) -> str:
    heading = {"alg": "ES256", "typ": "at+jwt", "kid": key.thumbprint(), **(header or {})}
    content = {name: value for name, value in {**GOOD, **claims}.items() if name != drop}
    return signed(heading, json.dumps(content).encode(), key)


def signed(header: dict[str, Any], payload: bytes, key: ECKey = KEY) -> str:
    """A token with whatever header and payload, which libraries refuse to sign."""
    content = f"{base64url(json.dumps(header).encode())}.{base64url(payload)}"
    assert key.private_key is not None
    r, s = decode_dss_signature(key.private_key.sign(content.encode(), ECDSA(SHA256())))
    return f"{content}.{base64url(r.to_bytes(32) + s.to_bytes(32))}"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def verifier(issuer: Callable[[], str] | None = None, clock: FixedClock | None = None) -> TokenVerifier:
    return TokenVerifier(ISSUER, "egov", issuer or Issuer(KEY), clock or FixedClock(NOW), Keeper())


def refusal_of(given: str, peer: str | None = None, by: TokenVerifier | None = None) -> Refusal:
    with pytest.raises(Refusal) as refused:
        (by or verifier()).verify(given, peer_fingerprint=peer)
    return refused.value
