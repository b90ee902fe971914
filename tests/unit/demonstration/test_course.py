"""Who plays in which course, from the sample city's data."""

import base64
import json

import pytest

from deploy.local.demonstration.cast import Actor, login, officer_of, person_id
from deploy.local.demonstration.sample import inspectors_of, restaurant_in, standard_of
from deploy.local.demonstration.script import held, licence
from deploy.local.errors import StackError


class Token:
    """A source of one token that names a person."""

    def token(self) -> str:
        claims = base64.urlsafe_b64encode(json.dumps({"sub": "p-1"}).encode()).decode().rstrip("=")
        return f"header.{claims}.signature"


def test_food_hygiene_is_inspected_by_market_supervision_and_rubbish_by_nobody() -> None:
    assert (standard_of("90001"), inspectors_of("90001")) == ("RZ-LOCAL", frozenset({"SCJG"}))
    assert (standard_of("06010"), inspectors_of("06010")) == ("GB/T 47678.5-2026", frozenset())
    assert standard_of("99999") == "GB/T 47678.5-2026"


def test_the_restaurant_is_one_of_the_county_that_can_be_written_to() -> None:
    assert restaurant_in("371102").email and restaurant_in("371103").email
    assert restaurant_in("371121").email == ""
    with pytest.raises(StackError, match="371199"):
        restaurant_in("371199")


def test_officers_are_those_of_the_sample_city() -> None:
    assert (login("371102-SCJG"), login("371102-SCJG", 2)) == ("officer.scjg.371102", "officer-2.scjg.371102")
    assert officer_of("371102-SCJG", 2) == "officer-2, market supervision 371102-SCJG"
    assert officer_of("371102-XXJ") == "officer, 371102-XXJ"


def test_a_person_is_known_by_their_own_token() -> None:
    assert person_id(Actor("officer", Token())) == "p-1"


def test_what_came_back_is_said_in_words() -> None:
    assert held({"incident": {"state": "INCIDENT_STATE_CLOSED", "holderDepartment": ""}}) == "incident closed"
    assert licence({"certificate": {"number": "JY1", "status": "CERTIFICATE_STATUS_VALID"}}) == "licence JY1 valid"
