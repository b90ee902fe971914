"""Who gets a token, what it says, and who is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.identity.domain import secrets
from services.identity.domain.organisations import Role
from services.identity.domain.tokens import (
    ATTEMPTS_PER_MINUTE,
    CLIENT_CREDENTIALS,
    JWT_BEARER,
    Grant,
    Proof,
    SecretProof,
    SignedProof,
    Terms,
    TokenRequest,
)
from services.identity.usecases.tokens import grant_token
from services.kernel.errors import Kind, Refusal
from tests.unit.identity.fakes import FakeStore
from tests.unit.identity.samples import FORMER, NOW, NUMBERS, OFFICE, OFFICER, SECRET, SSP, STRANGER

TERMS = Terms("https://gateway.example", "https://gateway.example/oauth2/token")
OWN = SignedProof("rizhao-office", "own")
IN_A_MINUTE = int(NOW.timestamp()) + 60


class FakeJose:
    """Assertions by name: who says it is from whom, and what it says when the signature is good."""

    def __init__(self, **assertions: Mapping[str, Any]) -> None:
        self.assertions = assertions
        self.signed: list[Mapping[str, Any]] = []

    def issuer_of(self, assertion: str) -> str:
        return str(self.assertions.get(assertion, {}).get("iss", ""))

    def read(self, assertion: str, public_keys: Collection[str]) -> Mapping[str, Any] | None:
        return self.assertions[assertion] if public_keys and assertion != "forged" else None

    def sign(self, claims: Mapping[str, Any]) -> str:
        self.signed.append(claims)
        return "signed"


def claims(**changes: Any) -> dict[str, Any]:
    usual = {
        "iss": "rizhao-office",
        "sub": "rizhao-office",
        "aud": TERMS.issuer,
        "exp": IN_A_MINUTE,
        "jti": "one",
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def ask(
    grant_type: str = CLIENT_CREDENTIALS,
    *,
    own: Mapping[str, Any] | None = None,
    vouching: Mapping[str, Any] | None = None,
    proof: Proof | None = None,
    scopes: str = "",
    bound: bool = False,
    department: str = "",
    store: FakeStore | None = None,
) -> tuple[Grant, Mapping[str, Any]]:
    jose = FakeJose(own=own or claims(), vouching=vouching or claims(sub=str(OFFICER.person_id)), forged=claims())
    assertion = "vouching" if grant_type == JWT_BEARER else ""
    request = TokenRequest(grant_type, proof, frozenset(scopes.split()), assertion, bound, department)
    grant = grant_token(request, store or FakeStore(members=[OFFICE, SSP]), NUMBERS, jose, TERMS, NOW)
    return grant, jose.signed[0]


def refusal(*arguments: Any, **options: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        ask(*arguments, **options)
    return refused.value


def rules(refused: Refusal) -> list[tuple[str, str]]:
    return [(violation.field, violation.rule) for violation in refused.violations]


def test_a_member_speaks_for_itself() -> None:
    grant, said = ask(proof=OWN)
    assert (grant.expires_in, grant.scopes) == (300, ("grid.incidents.file", "grid.incidents.read"))
    assert said["jti"]
    assert {name: value for name, value in said.items() if name != "jti"} == {
        "iss": "https://gateway.example",
        "aud": ["egov"],
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 300,
        "sub": "rizhao-office",
        "client_id": "rizhao-office",
        "scope": "grid.incidents.file grid.incidents.read",
        "region": "371102",
        "roles": [],
    }


@pytest.mark.parametrize("subject", [str(OFFICER.person_id), "officer@371102-SCJG"])
def test_a_member_vouches_for_its_staff(subject: str) -> None:
    _, said = ask(JWT_BEARER, vouching=claims(sub=subject))
    assert said["sub"] == str(OFFICER.person_id)
    assert (said["client_id"], said["department"], said["region"]) == ("rizhao-office", "371102-SCJG", "371102")
    assert (said["roles"], said["acr"]) == (["officer", "seat"], "AL2")


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (str(FORMER.person_id), "PERSON_INACTIVE"),
        (str(STRANGER.person_id), "PERSON_NOT_VOUCHED"),
        ("stranger@371103-SCJG", "PERSON_NOT_VOUCHED"),
        ("nobody@371102-SCJG", "PERSON_NOT_VOUCHED"),
        ("nobody", "PERSON_NOT_VOUCHED"),
        ("\0@371102-SCJG", "PERSON_NOT_VOUCHED"),
        ("officer@\0", "PERSON_NOT_VOUCHED"),
        (["officer"], "PERSON_NOT_VOUCHED"),
        ("rizhao-office", "PERSON_NOT_VOUCHED"),
    ],
    ids=repr,
)
def test_a_member_vouches_for_nobody_else(subject: Any, reason: str) -> None:
    refused = refusal(JWT_BEARER, vouching=claims(sub=subject))
    assert (refused.reason, refused.kind) == (reason, Kind.INVALID)


def test_scopes_are_narrowed_to_what_the_member_has() -> None:
    grant, said = ask(proof=OWN, scopes="grid.incidents.read operations.act")
    assert grant.scopes == ("grid.incidents.read",) and said["scope"] == "grid.incidents.read"
    assert refusal(proof=OWN, scopes="operations.act").reason == "SCOPE_NOT_GRANTED"


def test_a_token_is_bound_to_the_registered_tls_identity_when_asked_for() -> None:
    assert ask(proof=OWN, bound=True)[1]["cnf"] == {"x5t#S256": "A" * 43}
    ssp = claims(iss="rizhao-ssp", sub="rizhao-ssp")
    assert refusal(proof=SignedProof("", "own"), own=ssp, bound=True).reason == "TLS_IDENTITY_MISSING"


def test_a_person_gets_what_their_roles_may_use_of_what_their_member_system_has() -> None:
    both = ask(JWT_BEARER)[1]
    assert both["scope"] == "grid.incidents.file grid.incidents.read", "the member has no grid.incidents.handle"
    as_officer = FakeStore(members=[OFFICE], staff=[replace(OFFICER, roles=frozenset({Role("officer", "371102")}))])
    assert ask(JWT_BEARER, store=as_officer)[1]["scope"] == "grid.incidents.read"
    asked = refusal(JWT_BEARER, scopes="grid.incidents.file", store=FakeStore(members=[OFFICE], staff=as_officer.staff))
    assert (asked.reason, asked.kind) == ("SCOPE_NOT_GRANTED", Kind.INVALID)


def test_a_role_that_the_sheet_does_not_have_may_use_nothing() -> None:
    assert refusal(JWT_BEARER, store=FakeStore(members=[OFFICE], roles={})).reason == "SCOPE_NOT_GRANTED"
    assert ask(proof=OWN, store=FakeStore(members=[OFFICE], roles={}))[1]["scope"], "a client has no role"


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
