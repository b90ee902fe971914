"""Who gets a token, what it says, and who is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.identity.domain.organisations import Role
from services.identity.domain.tokens import (
    JWT_BEARER,
    SignedProof,
)
from services.kernel.errors import Kind
from tests.unit.identity.asking import OWN, ask, claims, refusal
from tests.unit.identity.fakes import FakeStore
from tests.unit.identity.samples import FORMER, NOW, OFFICE, OFFICER, STRANGER


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
