"""For whom a token speaks: staff at their own or another department, citizens; and nobody who is shut out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.identity.domain.members import Member
from services.identity.domain.tokens import JWT_BEARER, SignedProof, TokenRequest
from services.identity.usecases.tokens import grant_token
from services.kernel.errors import Kind, Refusal
from tests.unit.identity.asking import OWN, TERMS, FakeJose, ask, claims, refusal
from tests.unit.identity.fakes import FakeStore
from tests.unit.identity.samples import (
    CITIZEN,
    CREDIT_CODE,
    LENT,
    NOW,
    NUMBERS,
    OFFICE,
    OFFICER,
    RESTAURANT,
    SSP,
    STRANGER,
)

BOTH = replace(OFFICE, region="371100", departments=("371102-SCJG", "371103-SCJG"))
APP = replace(SSP, vouches_for_citizens=True)
BUSINESS = replace(SSP, vouches_for_enterprises=True)


def lent(
    department: str, *, member: Member = BOTH, after: timedelta = timedelta(), subject: str = ""
) -> dict[str, Any]:
    """What a token for the lent officer says at a department, so long after the sample's moment."""
    moment = NOW + after
    said = claims(sub=subject or str(LENT.person_id), exp=int(moment.timestamp()) + 60)
    jose = FakeJose(vouching=said)
    request = TokenRequest(JWT_BEARER, None, assertion="vouching", department=department)
    grant_token(request, FakeStore(members=[member]), NUMBERS, jose, TERMS, moment)
    return dict(jose.signed[0])


def test_a_token_names_the_department_that_is_asked_for_with_the_roles_held_there() -> None:
    at_home, away = lent(""), lent("371102-SCJG")
    assert (at_home["department"], at_home["region"], at_home["roles"]) == (
        "371103-SCJG",
        "371103",
        ["officer", "seat"],
    )
    assert (away["department"], away["region"], away["roles"]) == ("371102-SCJG", "371102", ["officer"])
    assert (at_home["scope"], away["scope"]) == ("grid.incidents.file grid.incidents.read", "grid.incidents.read")
    assert at_home["sub"] == away["sub"] == str(LENT.person_id)
    assert lent("371103-SCJG")["roles"] == at_home["roles"]


@pytest.mark.parametrize("days", [-2, 1, 30])
def test_a_secondment_is_looked_at_when_the_token_is_asked_for(days: int) -> None:
    with pytest.raises(Refusal) as refused:
        lent("371102-SCJG", after=timedelta(days=days))
    assert (refused.value.reason, refused.value.kind) == ("PERSON_NOT_AT_DEPARTMENT", Kind.INVALID)


def test_the_department_that_staff_are_lent_to_may_vouch_for_them_there_alone() -> None:
    assert lent("371102-SCJG", member=OFFICE, subject="lent@371103-SCJG")["department"] == "371102-SCJG"
    for department, after in (("", timedelta()), ("371103-SCJG", timedelta()), ("371102-SCJG", timedelta(days=2))):
        with pytest.raises(Refusal, match="PERSON_NOT_VOUCHED"):
            lent(department, member=OFFICE, after=after)


def test_an_app_vouches_for_citizens() -> None:
    said = ask(
        JWT_BEARER, vouching=claims(iss=APP.client_id, sub=str(CITIZEN.holder_id)), store=FakeStore(members=[APP])
    )[1]
    assert (said["sub"], said["client_id"], said["acr"]) == (str(CITIZEN.holder_id), "rizhao-ssp", "AL1")
    assert (said["region"], said["roles"], "department" in said) == (APP.region, [], False)
    assert said["scope"] == " ".join(APP.scopes), "citizens act for themselves, in no role"


def test_an_app_vouches_for_an_enterprise_which_then_is_no_person() -> None:
    vouching = claims(iss=BUSINESS.client_id, sub=CREDIT_CODE)
    said = ask(JWT_BEARER, vouching=vouching, store=FakeStore(members=[BUSINESS]))[1]
    assert (said["sub"], said["enterprise"], said["acr"]) == (str(RESTAURANT.holder_id), CREDIT_CODE, "AL1")
    assert (said["region"], said["roles"], "department" in said) == (BUSINESS.region, ["enterprise"], False)
    assert said["scope"] == "grid.incidents.read", "what the role may use of what the app has"


@pytest.mark.parametrize(
    ("member", "subject", "department"),
    [
        (SSP, str(CITIZEN.holder_id), ""),
        (APP, str(RESTAURANT.holder_id), ""),
        (APP, str(CITIZEN.holder_id), "371102-SCJG"),
        (APP, CREDIT_CODE, ""),
        (BUSINESS, str(CITIZEN.holder_id), ""),
        (BUSINESS, str(RESTAURANT.holder_id), ""),
        (BUSINESS, "92371199MAB0000233", ""),
        (BUSINESS, CREDIT_CODE, "371102-SCJG"),
    ],
    ids=[
        "not given to this app",
        "an enterprise is no person",
        "a citizen has no department",
        "an enterprise, by an app for citizens",
        "a citizen, by an app for enterprises",
        "an enterprise by its id, which does not say its code",
        "an enterprise that is not registered",
        "an enterprise has no department",
    ],
)
def test_an_app_vouches_for_nobody_else(member: Member, subject: str, department: str) -> None:
    vouching = claims(iss=member.client_id, sub=subject)
    refused = refusal(JWT_BEARER, vouching=vouching, department=department, store=FakeStore(members=[member]))
    assert refused.reason == "PERSON_NOT_VOUCHED"


def test_who_is_shut_out_gets_no_token() -> None:
    out = FakeStore(members=[replace(OFFICE, disabled=True)])
    refused = refusal(proof=OWN, store=out)
    assert (refused.reason, refused.kind) == ("CLIENT_DISABLED", Kind.UNAUTHENTICATED)
    assert refusal(JWT_BEARER, store=out).reason == "CLIENT_DISABLED"
    person = FakeStore(members=[OFFICE], staff=[replace(OFFICER, disabled=True)])
    refused = refusal(JWT_BEARER, store=person)
    assert (refused.reason, refused.kind) == ("SUBJECT_DISABLED", Kind.INVALID)
    app = FakeStore(members=[APP], holders=[replace(CITIZEN, disabled=True)])
    vouching = claims(iss=APP.client_id, sub=str(CITIZEN.holder_id))
    assert refusal(JWT_BEARER, vouching=vouching, store=app).reason == "SUBJECT_DISABLED"
    business = FakeStore(members=[BUSINESS], holders=[replace(RESTAURANT, disabled=True)])
    vouching = claims(iss=BUSINESS.client_id, sub=CREDIT_CODE)
    assert refusal(JWT_BEARER, vouching=vouching, store=business).reason == "SUBJECT_DISABLED"


def test_only_who_proves_to_be_the_member_learns_that_it_is_shut_out() -> None:
    out = FakeStore(members=[replace(OFFICE, disabled=True)])
    assert refusal(proof=SignedProof("", "forged"), store=out).reason == "CLIENT_NOT_AUTHENTICATED"
    hidden = FakeStore(members=[OFFICE], staff=[replace(STRANGER, disabled=True)])
    assert (
        refusal(JWT_BEARER, vouching=claims(sub=str(STRANGER.person_id)), store=hidden).reason == "PERSON_NOT_VOUCHED"
    )
