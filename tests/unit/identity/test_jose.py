"""Which keys are fit, what an assertion says and who signed it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from services.identity.jose import Jose, fit_key
from services.identity.keys import KeyRing
from tests.unit.identity.samples import MEMBER_KEY, PUBLIC_KEY

RSA = RSAKey.generate_key(2048, private=True)
EC_JWK: dict[str, Any] = MEMBER_KEY.as_dict(private=False)
RSA_JWK: dict[str, Any] = RSA.as_dict(private=False)


def assertion(key: Any = MEMBER_KEY, alg: str = "ES256", payload: Any = None, **header: Any) -> str:
    content = {"iss": "rizhao-office"} if payload is None else payload
    return jws.serialize_compact({"alg": alg, **header}, json.dumps(content), key, algorithms=[alg])


@pytest.fixture(scope="module")
def jose(tmp_path_factory: pytest.TempPathFactory) -> Jose:
    return Jose(KeyRing(tmp_path_factory.mktemp("keys")))


def test_fit_keys_get_one_canonical_form() -> None:
    for jwk, algorithm, kid in ((EC_JWK, "ES256", MEMBER_KEY.thumbprint()), (RSA_JWK, "RS256", RSA.thumbprint())):
        kept = json.loads(fit_key(json.dumps({**jwk, "x-note": "left out"})) or "")
        assert (kept["alg"], kept["use"], kept["kid"]) == (algorithm, "sig", kid)
        assert kept.keys() <= {"kty", "crv", "x", "y", "n", "e", "alg", "use", "kid"}
        assert fit_key(json.dumps(kept)) == fit_key(json.dumps({**jwk, "alg": algorithm, "use": "sig"}))
    assert json.loads(fit_key(json.dumps({**EC_JWK, "kid": "own"})) or "")["kid"] == "own"


@pytest.mark.parametrize(
    "jwk",
    [
        MEMBER_KEY.as_dict(private=True),
        RSA.as_dict(private=True),
        OctKey.generate_key(256, private=True).as_dict(private=True),
        ECKey.generate_key("P-384", private=True).as_dict(private=False),
        {**EC_JWK, "y": EC_JWK["x"]},
        {**EC_JWK, "x": "!"},
        {**EC_JWK, "alg": "ES384"},
        {**EC_JWK, "use": "enc"},
        {**EC_JWK, "kid": 7},
        {**EC_JWK, "kid": "k" * 129},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode((2**1023 + 1).to_bytes(128)).decode().rstrip("=")},
        {"kty": "RSA", "e": "AQAB", "n": "AQ"},
        {"kty": "RSA", "e": "AQAB", "n": 7},
        {"kty": ["EC"], "crv": "P-256"},
        {**RSA_JWK, "alg": "PS256"},
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        [EC_JWK],
        "text",
        {},
    ],
    ids=lambda jwk: str(jwk)[:30],
)
def test_other_keys_are_not_fit(jwk: Any) -> None:
    assert fit_key(json.dumps(jwk)) is None


@pytest.mark.parametrize("text", ["", "{", "-----BEGIN PUBLIC KEY-----", "[" * 5000])
def test_what_is_no_json_is_no_key(text: str) -> None:
    assert fit_key(text) is None


def test_an_assertion_is_read_with_any_of_the_members_keys(jose: Jose) -> None:
    keys = (fit_key(json.dumps(RSA_JWK)) or "", PUBLIC_KEY)
    assert jose.read(assertion(typ="JWT", kid="whatever"), keys) == {"iss": "rizhao-office"}
    assert jose.read(assertion(RSA, "RS256"), keys) == {"iss": "rizhao-office"}
    assert jose.issuer_of(assertion()) == "rizhao-office"


def test_an_assertion_that_no_key_signed_is_not_read(jose: Jose) -> None:
    stranger = ECKey.generate_key("P-256", private=True)
    by_public_key = OctKey.import_key(PUBLIC_KEY)
    for given in (
        assertion(stranger),
        assertion(stranger, jwk=stranger.as_dict(private=False)),
        assertion(by_public_key, "HS256"),
        assertion(RSA, "RS256"),
        assertion(payload=["list"]),
        assertion(b64=True, crit=["b64"]),
        assertion().rpartition(".")[0] + ".",
        base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=") + "." + assertion().split(".")[1] + ".",
        "",
        "a.b.c",
        "\ud800",
    ):
        assert jose.read(given, (PUBLIC_KEY,)) is None
    assert jose.read(assertion(), ()) is None


@pytest.mark.parametrize("given", ["", "a.b.c", "\ud800", assertion(payload=[]), assertion(payload={"iss": 7})])
def test_an_issuer_that_cannot_be_read_is_empty(jose: Jose, given: str) -> None:
    assert jose.issuer_of(given) == ""
