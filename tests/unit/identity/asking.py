"""A request for a token, as the tests make it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from services.identity.domain.tokens import (
    CLIENT_CREDENTIALS,
    JWT_BEARER,
    Grant,
    Proof,
    SignedProof,
    Terms,
    TokenRequest,
)
from services.identity.usecases.tokens import grant_token
from services.kernel.errors import Refusal
from tests.unit.identity.fakes import FakeStore
from tests.unit.identity.samples import NOW, NUMBERS, OFFICE, OFFICER, SSP

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
