"""An enterprise that signed in with the citizen app reads its own notices, and nobody else's; it is no person."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest

from deploy.local.client import ApiError, TokenSource
from tests.e2e.city import COUNTY, City, Json, licence_wanted
from tests.e2e.door import assert_refused
from tests.waiting import wait_for

DEPARTMENT = f"{COUNTY}-SCJG"
RESTAURANT, HOLDER = "92371199MAB0000158", "019b76da-a800-7634-b0d9-19b47b13b2c8"
ANOTHER, OTHER_HOLDER = "92371199MAB0000233", "019b76da-a800-77d7-b00a-f11e885b7b84"
CITIZEN = "019b76da-a800-7357-95b1-e3b9aecda407"


@dataclass(frozen=True)
class Told:
    """The case for which the restaurant's licence was suspended."""

    city: City
    case_number: str

    def notices(self, door: TokenSource, **query: str) -> list[Json]:
        """What a caller has in the own inbox about the case."""
        asked = {"caseNumber": self.case_number} | query
        found: list[Json] = self.city.gateway.get("/v1/notices", asked, door=door).body["notices"]
        return found

    def to_restaurant(self) -> Json:
        """The notice that the restaurant gets."""
        (notice,) = wait_for("the notice", lambda: self.notices(self.city.people.enterprise(RESTAURANT)))
        return dict(notice)


@pytest.fixture(scope="module")
def told(city: City) -> Told:
    """Somebody reports the restaurant, and market supervision suspends the licence that it has just issued."""
    officer = city.people.officer(DEPARTMENT)
    case_number = city.file(enterpriseCode=RESTAURANT).body["incident"]["caseNumber"]
    body = licence_wanted(RESTAURANT, "海曲小馆（虚构）")
    issued = city.gateway.post("/v1/certificates", body, door=officer).body["certificate"]
    said = {"version": issued["version"], "caseNumber": case_number}
    city.gateway.post(f"/v1/certificates/{issued['certificateId']}:suspend", said, door=officer)
    return Told(city, case_number)


def test_the_restaurant_reads_what_it_was_told(told: Told) -> None:
    notice = told.to_restaurant()
    assert notice["recipient"] == {"kind": "PARTY_KIND_ENTERPRISE", "id": RESTAURANT}
    assert notice["template"].startswith("certificate-suspended")


def test_nobody_else_sees_it_or_marks_it_read(told: Told) -> None:
    people, notice = told.city.people, told.to_restaurant()
    path = f"/v1/notices/{notice['noticeId']}:markRead"
    for other in (people.enterprise(ANOTHER), people.citizens.speaking_for(CITIZEN), people.citizens):
        assert notice["noticeId"] not in [each["noticeId"] for each in told.notices(other)]
        assert_refused(told.city.door.post(path, other.token(), {}), 404, "NOTICE_NOT_FOUND")
    assert "readAt" not in told.to_restaurant()


def test_the_restaurant_marks_it_read_once(told: Told) -> None:
    restaurant = told.city.people.enterprise(RESTAURANT)
    path, key = f"/v1/notices/{told.to_restaurant()['noticeId']}:markRead", str(uuid.uuid4())
    answers = [told.city.gateway.post(path, {}, door=restaurant, key=key) for _ in range(2)]
    assert answers[0].body == answers[1].body and answers[0].body["notice"]["readAt"]
    assert told.notices(restaurant, unread="true") == []


def test_an_enterprise_may_only_what_its_role_may_and_the_audit_says_who_it_was(told: Told) -> None:
    token = told.city.people.enterprise(RESTAURANT).token()
    assert_refused(told.city.door.get("/v1/inspections", token), 403, "SCOPE_MISSING")
    error = assert_refused(told.city.door.get("/v1/incidents", token), 403, "SCOPE_MISSING")
    (row,) = wait_for("the audit row", lambda: told.city.audit("grid", error.request_id))
    assert (row["client"], row["subject"], row["department"]) == ("rizhao-ssp", HOLDER, None)
    mine = told.city.door.get("/v1/notices?mailbox=MAILBOX_DEPARTMENT", token)
    assert_refused(mine, 403, "NO_DEPARTMENT")


def test_an_enterprise_sees_who_looked_at_its_record(told: Told) -> None:
    people, gateway = told.city.people, told.city.gateway
    gateway.get(f"/v1/holders/{HOLDER}", door=people.officer(DEPARTMENT))

    def looks(code: str) -> list[Json]:
        found: list[Json] = gateway.get("/v1/accesses", door=people.enterprise(code)).body["accesses"]
        return [look for look in found if look["department"] == DEPARTMENT]

    wait_for("the look at its record", lambda: looks(RESTAURANT))
    assert looks(ANOTHER) == []


def test_an_enterprise_that_is_shut_out_gets_nothing_until_it_is_let_in_again(told: Told) -> None:
    people, city = told.city.people, told.city
    token = people.enterprise(ANOTHER).token()

    def reasons() -> set[str]:
        """Why notification and identity refuse it; empty for no reason."""
        replies = (city.door.get(path, token) for path in ("/v1/notices", "/v1/accesses"))
        return {"" if reply.status == 200 else reply.error.reason for reply in replies}

    standing = f"/v1/persons/{OTHER_HOLDER}"
    city.gateway.post(f"{standing}:disable", {"reason": "DISABLE_REASON_ORDERED"}, door=people.operations)
    try:
        wait_for("it is shut out", lambda: reasons() == {"SUBJECT_DISABLED"})
        with pytest.raises(ApiError, match="SUBJECT_DISABLED"):
            people.citizens.token_for(ANOTHER)
        assert told.notices(people.enterprise(RESTAURANT))
    finally:
        city.gateway.post(f"{standing}:enable", {}, door=people.operations)
    wait_for("it is let in again", lambda: reasons() == {""})
