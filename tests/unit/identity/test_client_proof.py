"""How a member system proves at the token endpoint that it is itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.identity.domain import secrets
from services.identity.domain.tokens import (
    ATTEMPTS_PER_MINUTE,
    JWT_BEARER,
    Proof,
    SecretProof,
    SignedProof,
    TokenRequest,
)
from services.identity.usecases.tokens import grant_token
from services.kernel.errors import Kind, Refusal
from tests.unit.identity.asking import IN_A_MINUTE, OWN, TERMS, FakeJose, ask, claims, refusal
from tests.unit.identity.fakes import FakeStore
from tests.unit.identity.samples import NOW, NUMBERS, OFFICE, OFFICER, SECRET


def rules(refused: Refusal) -> list[tuple[str, str]]:
    return [(violation.field, violation.rule) for violation in refused.violations]


@pytest.mark.parametrize("audience", [TERMS.issuer, TERMS.token_endpoint, [TERMS.issuer]], ids=repr)
def test_an_assertion_is_for_the_issuer_or_its_token_endpoint(audience: Any) -> None:
    ask(proof=OWN, own=claims(aud=audience))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"aud": "https://else.example"}, ("aud", "oauth_wrong_value")),
        ({"aud": [TERMS.issuer, "https://else.example"]}, ("aud", "oauth_wrong_value")),
        ({"aud": []}, ("aud", "oauth_missing")),
        ({"aud": {"x": 1}}, ("aud", "oauth_wrong_value")),
        ({"sub": None}, ("sub", "oauth_missing")),
        ({"sub": "else"}, ("sub", "oauth_wrong_value")),
        ({"jti": None}, ("jti", "oauth_missing")),
        ({"jti": 7}, ("jti", "oauth_wrong_value")),
        ({"jti": "a" * 129}, ("jti", "oauth_wrong_value")),
        ({"jti": "a\0"}, ("jti", "oauth_wrong_value")),
        ({"exp": None}, ("exp", "oauth_missing")),
        ({"exp": "soon"}, ("exp", "oauth_wrong_value")),
        ({"exp": True}, ("exp", "oauth_wrong_value")),
        ({"exp": float("nan")}, ("exp", "oauth_wrong_value")),
        ({"exp": 1e300}, ("exp", "oauth_wrong_value")),
        ({"exp": IN_A_MINUTE - 70}, ("exp", "assertion_expired")),
        ({"exp": IN_A_MINUTE + 251}, ("exp", "assertion_too_long")),
        ({"nbf": IN_A_MINUTE - 49}, ("nbf", "assertion_early")),
        ({"iat": IN_A_MINUTE - 49}, ("iat", "assertion_early")),
    ],
    ids=repr,
)
def test_an_assertion_that_says_the_wrong_thing_is_refused(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    refused = refusal(proof=OWN, own=claims(**changes))
    assert (refused.reason, refused.kind) == ("CLIENT_ASSERTION_REFUSED", Kind.UNAUTHENTICATED)
    assert rules(refused) == [expected]
    if changes.keys() != {"sub"}:
        refused = refusal(JWT_BEARER, vouching=claims(**{"sub": str(OFFICER.person_id), **changes}))
        assert (refused.reason, refused.kind) == ("ASSERTION_REFUSED", Kind.INVALID)
        assert rules(refused) == [expected]


def test_all_that_is_wrong_with_an_assertion_is_said_at_once() -> None:
    refused = refusal(proof=OWN, own=claims(aud="x", exp=1, jti=None))
    assert rules(refused) == [
        ("jti", "oauth_missing"),
        ("aud", "oauth_wrong_value"),
        ("exp", "assertion_expired"),
    ]


@pytest.mark.parametrize(("seconds", "name"), [(-69, "exp"), (250, "exp"), (-50, "nbf"), (-50, "iat")])
def test_ten_seconds_of_skew_are_allowed(seconds: int, name: str) -> None:
    ask(proof=OWN, own=claims(**{name: IN_A_MINUTE + seconds}))


def test_an_assertion_is_good_once_whatever_it_is_used_for() -> None:
    store = FakeStore(members=[OFFICE])
    ask(proof=OWN, store=store)
    assert rules(refusal(proof=OWN, store=store)) == [("jti", "assertion_replayed")]
    assert refusal(JWT_BEARER, store=store).reason == "ASSERTION_REFUSED"


def test_an_assertion_is_used_up_also_when_no_token_comes_of_it() -> None:
    store = FakeStore(members=[OFFICE])
    refusal(proof=OWN, scopes="operations.act", store=store)
    assert rules(refusal(proof=OWN, store=store)) == [("jti", "assertion_replayed")]


@pytest.mark.parametrize(
    ("own", "proof"),
    [
        (claims(), None),
        (claims(), SignedProof("rizhao-office", "forged")),
        (claims(), SignedProof("rizhao-ssp", "own")),
        (claims(iss="nobody-here"), SignedProof("", "own")),
        (claims(iss="\0"), SignedProof("", "own")),
        (claims(), SignedProof("rizhao-office", "unreadable")),
    ],
)
def test_a_client_that_does_not_prove_itself_is_refused(own: Mapping[str, Any], proof: Proof | None) -> None:
    refused = refusal(own=own, proof=proof)
    assert (refused.reason, refused.kind) == ("CLIENT_NOT_AUTHENTICATED", Kind.UNAUTHENTICATED)


def test_a_forged_vouching_is_refused() -> None:
    store = FakeStore(members=[replace(OFFICE, public_keys=())])
    assert refusal(JWT_BEARER, store=store).reason == "ASSERTION_UNSIGNED"


def test_who_vouches_must_be_who_authenticates() -> None:
    ssp = claims(iss="rizhao-ssp", sub="rizhao-ssp")
    assert refusal(JWT_BEARER, own=ssp, proof=SignedProof("", "own")).reason == "ASSERTION_UNSIGNED"
    ask(JWT_BEARER, own=claims(jti="two"), proof=OWN)


def test_a_grant_type_that_is_not_there_and_a_missing_assertion_are_refused() -> None:
    assert refusal("password").reason == "GRANT_TYPE_UNSUPPORTED"
    with pytest.raises(Refusal) as refused:
        grant_token(TokenRequest(JWT_BEARER, None), FakeStore(), NUMBERS, FakeJose(), TERMS, NOW)
    assert refused.value.reason == "REQUEST_MALFORMED"


def test_a_secret_proves_a_client_too() -> None:
    store = FakeStore(members=[replace(OFFICE, secret_hash=secrets.hash_of(SECRET))])
    ask(proof=SecretProof("rizhao-office", SECRET), store=store)
    assert refusal(proof=SecretProof("rizhao-office", SECRET + "x"), store=store).reason == "CLIENT_NOT_AUTHENTICATED"
    for client_id in ("rizhao-ssp", "nobody-here", "\0"):
        assert refusal(proof=SecretProof(client_id, SECRET)).reason == "CLIENT_NOT_AUTHENTICATED"


def test_a_secret_cannot_be_tried_again_and_again() -> None:
    store = FakeStore(members=[replace(OFFICE, secret_hash=secrets.hash_of(SECRET))])
    store.failed = [(OFFICE.client_id, NOW - timedelta(seconds=59))] * ATTEMPTS_PER_MINUTE
    refused = refusal(proof=SecretProof("rizhao-office", SECRET), store=store)
    assert (refused.reason, refused.kind, refused.retry_after_s) == ("TOO_MANY_ATTEMPTS", Kind.EXHAUSTED, 60)
    assert len(store.failed) == ATTEMPTS_PER_MINUTE, "a refused try is no try"
    ask(proof=OWN, store=store)
    store.failed = [(OFFICE.client_id, NOW - timedelta(seconds=60))] * ATTEMPTS_PER_MINUTE
    ask(proof=SecretProof("rizhao-office", SECRET), store=store)
