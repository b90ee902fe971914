"""Access tokens are checked in every service: which are good, which are refused, and what that costs."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from services.chassis.tokens import LONGEST_TOKEN, Claims
from services.kernel.clock import FixedClock
from services.kernel.errors import Kind
from tests.unit.chassis.issuing import (
    GOOD,
    KEY,
    NOW,
    OTHER_KEY,
    PERSON,
    base64url,
    refusal_of,
    signed,
    token,
    verifier,
)

FINGERPRINT = "A" * 43


def test_a_good_token_says_who_calls() -> None:
    assert verifier().verify(token(), peer_fingerprint=None) == Claims(
        subject=PERSON,
        client_id="rizhao-office",
        scopes=frozenset({"grid.incidents.file", "grid.incidents.read"}),
        department="371102-SCJG",
        region="371102",
        roles=frozenset({"officer"}),
        level=2,
        not_before=NOW,
        expires_at=NOW + timedelta(seconds=300),
        binding=None,
    )


def test_a_client_that_speaks_for_itself_is_no_person() -> None:
    own = {name: GOOD[name] for name in ("iss", "aud", "iat", "exp", "jti", "client_id", "region")}
    claims = verifier().verify(
        signed(
            {"alg": "ES256", "typ": "application/AT+JWT", "kid": KEY.thumbprint()},
            json.dumps({**own, "aud": "egov", "sub": "rizhao-office"}).encode(),
        ),
        peer_fingerprint=FINGERPRINT,
    )
    assert (claims.vouched, claims.department, claims.level, claims.scopes) == (None, None, 0, frozenset())


def test_a_token_of_an_enterprise_names_it_by_its_code() -> None:
    claims = verifier().verify(token(enterprise="92371199MAB0000158", drop="department"), peer_fingerprint=None)
    assert (claims.vouched, claims.enterprise) == (PERSON, "92371199MAB0000158")


@pytest.mark.parametrize(
    ("claim", "given"),
    [
        ("iss", token(iss="https://else.example")),
        ("aud", token(aud=["else"])),
        ("aud", token(drop="aud")),
        ("sub", token(drop="sub")),
        ("sub", token(sub=7)),
        ("client_id", token(client_id="")),
        ("jti", token(drop="jti")),
        ("iat", token(drop="iat")),
        ("exp", token(drop="exp")),
        ("exp", token(exp="soon")),
        ("exp", token(exp=True)),
        ("exp", token(exp=float("inf"))),
        ("exp", token(exp=1e300)),
        ("nbf", token(nbf=None)),
        ("nbf", token(nbf=GOOD["iat"] + 11)),
        ("nbf", token(iat=GOOD["iat"] + 11)),
        ("scope", token(scope=["grid.incidents.file"])),
        ("roles", token(roles="officer")),
        ("roles", token(roles=[1])),
        ("acr", token(acr="AL9")),
        ("acr", token(acr=["AL2"])),
        ("cnf", token(cnf={"jkt": "x"})),
        ("cnf", token(cnf="x")),
        ("enterprise", token(enterprise="")),
        ("enterprise", token(enterprise=None)),
        ("enterprise", token(enterprise="9237")),
        ("enterprise", token(enterprise="92371199MAB0000158", sub="rizhao-office")),
        ("typ", token(header={"typ": "JWT"})),
        ("typ", token(header={"typ": None})),
        ("typ", token(header={"typ": ["at+jwt"]})),
        ("kid", token(header={"kid": 7})),
        ("kid", token(header={"kid": None})),
        ("alg", token(header={"alg": 7})),
        ("alg", token(header={"alg": "ES384"})),
        ("crit", token(header={"crit": ["exp"], "exp": 1})),
        ("crit", token(header={"b64": True, "crit": ["b64"]})),
        ("form", token(header={"x": "unknown to the library"})),
        ("length", "a" * (LONGEST_TOKEN + 1)),
        ("form", ""),
        ("form", "a.b"),
        ("form", "a.b.c.d"),
        ("form", "Zürich.日照.\ud800"),
        ("form", token().replace(".", "")),
    ],
    ids=itertools.count(),
)
def test_a_token_that_says_the_wrong_thing_is_refused(claim: str, given: str) -> None:
    refusal = refusal_of(given)
    assert (refusal.reason, refusal.kind) == ("TOKEN_INVALID", Kind.UNAUTHENTICATED)
    assert refusal.params["claim"] == claim


def test_no_algorithm_and_no_other_algorithm_is_accepted() -> None:
    kid = KEY.thumbprint()
    public = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    by_public_key = {"alg": "HS256", "typ": "at+jwt", "kid": kid}
    rsa = RSAKey.generate_key(2048, private=True)
    for given in (
        token(header={"alg": "none"}),
        token(header={"alg": "none"}).rpartition(".")[0] + ".",
        token(header={"alg": ""}),
        signed({"typ": "at+jwt", "kid": kid}, json.dumps(GOOD).encode()),
        jws.serialize_compact(by_public_key, json.dumps(GOOD), public, algorithms=["HS256"]),
        jws.serialize_compact({**by_public_key, "alg": "RS256"}, json.dumps(GOOD), rsa, algorithms=["RS256"]),
    ):
        assert refusal_of(given).reason == "TOKEN_INVALID"


def test_a_key_that_the_token_brings_along_counts_for_nothing() -> None:
    own = OTHER_KEY.as_dict(private=False)
    assert refusal_of(token(OTHER_KEY, header={"jwk": own, "kid": KEY.thumbprint()})).reason == "TOKEN_INVALID"
    assert refusal_of(token(OTHER_KEY, header={"jku": "https://else.example", "kid": "new"})).reason == "TOKEN_INVALID"


def test_a_changed_token_is_refused() -> None:
    header, payload, signature = token().split(".")
    wider = base64url(json.dumps({**GOOD, "scope": "operations.act"}).encode())
    assert refusal_of(f"{header}.{wider}.{signature}").params["claim"] == "signature"
    assert refusal_of(f"{header}.{payload}.").params["claim"] == "signature"
    assert refusal_of(f"{header}.{payload}.{signature[:-4]}").params["claim"] == "signature"


def test_what_is_signed_and_no_object_is_refused() -> None:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": KEY.thumbprint()}
    for payload in (b"[]", b"7", b"{", b"", b"\xff\xff", b"[" * 5000):
        assert refusal_of(signed(header, payload)).params["claim"] == "payload"


def test_a_token_ends_ten_seconds_after_its_end_also_when_it_was_seen_before() -> None:
    clock, given = FixedClock(NOW), token()
    checking = verifier(clock=clock)
    checking.verify(given, peer_fingerprint=None)
    clock.advance(timedelta(seconds=309))
    checking.verify(given, peer_fingerprint=None)
    clock.advance(timedelta(seconds=1))
    assert refusal_of(given, by=checking).reason == "TOKEN_EXPIRED"
    assert refusal_of(given, by=verifier(clock=clock)).reason == "TOKEN_EXPIRED"


def test_ten_seconds_of_skew_are_allowed_at_the_beginning() -> None:
    verifier().verify(token(iat=GOOD["iat"] + 10, nbf=GOOD["iat"] + 10), peer_fingerprint=None)


def test_a_bound_token_needs_its_tls_identity() -> None:
    given, checking = token(cnf={"x5t#S256": FINGERPRINT}), verifier()
    assert checking.verify(given, peer_fingerprint=FINGERPRINT).binding == FINGERPRINT
    for peer in (None, "", "B" * 43):
        assert refusal_of(given, peer, checking).reason == "TOKEN_NOT_BOUND"
