"""Who is shut out is refused by every service, with the token that they still have; and let in again as fast."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.local.client import ApiError, Gateway
from deploy.local.people import People
from services.identity.domain.organisations import person_id_of

DEPARTMENT = "371121-CGJ"
PERSON = str(person_id_of("officer.cgj.371121", DEPARTMENT))
NOBODY = "019b76da-a800-7000-8000-000000000000"
# A read of every service, which is refused to nobody but for its own reasons.
DOORS = {
    "identity": f"/v1/holders/{NOBODY}",
    "grid": f"/v1/incidents/{NOBODY}",
    "inspection": f"/v1/inspections/{NOBODY}",
    "certificates": f"/v1/certificates/{NOBODY}",
    "notification": "/v1/notices",
}


@dataclass
class Held:
    """One token, kept."""

    text: str

    def token(self) -> str:
        return self.text


@pytest.fixture
def held(gateway: Gateway, people: People) -> Iterator[Held]:
    """The token of an officer, who is let in again whatever happens."""
    yield Held(people.officer(DEPARTMENT).token())
    try:
        gateway.post(f"/v1/persons/{PERSON}:enable", {}, door=people.operations)
    except ApiError as refused:
        assert refused.reason == "WRONG_STATE"


def reason(gateway: Gateway, path: str, held: Held) -> str:
    try:
        gateway.get(path, door=held)
    except ApiError as refused:
        return refused.reason
    return ""


def wait_until(gateway: Gateway, held: Held, *, shut_out: bool) -> float:
    """How many seconds it took until every service refused the token for that, or none did."""
    began = time.monotonic()
    for path in DOORS.values():
        while (reason(gateway, path, held) == "SUBJECT_DISABLED") is not shut_out:
            assert time.monotonic() - began < 30, path
    return time.monotonic() - began


def test_every_service_refuses_who_is_shut_out_and_takes_who_is_let_in_again(
    gateway: Gateway, people: People, held: Held
) -> None:
    assert "SUBJECT_DISABLED" not in {reason(gateway, path, held) for path in DOORS.values()}
    said = {"reason": "DISABLE_REASON_EXPOSED"}
    standing = gateway.post(f"/v1/persons/{PERSON}:disable", said, door=people.operations).body["standing"]
    assert (standing["disabled"], standing["reason"]) == (True, "DISABLE_REASON_EXPOSED")
    # From memory where the event was taken: no five seconds pass until the table is read again.
    assert wait_until(gateway, held, shut_out=True) < 4
    with pytest.raises(ApiError) as refused:
        gateway.get(DOORS["grid"], door=held)
    assert (refused.value.http_status, refused.value.code) == (401, 16)
    gateway.post(f"/v1/persons/{PERSON}:enable", {}, door=people.operations)
    wait_until(gateway, held, shut_out=False)
