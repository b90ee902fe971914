"""Handling without paper (免证办): read it top to bottom, each test is a step of the case.

A citizen reports rubbish before a restaurant. Urban management, which handles it, does not ask the owner for copies: it
asks which certificates the restaurant has, gets those that it may see, and uses one. The use is recorded.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from deploy.local.client import Answer, ApiError
from deploy.local.tokens import Staff
from tests.e2e.books import mail_ids
from tests.e2e.city import CERTIFICATES_TOPIC, COUNTY, FOOD_LICENCE, City, Json, licence_wanted
from tests.waiting import wait_for

ENTERPRISE, NAME = "92371199MAB0000233", "灯塔海鲜酒楼（虚构）"
HANDLES, ISSUER, POLICE, ENVIRONMENT = (f"{COUNTY}-{end}" for end in ("CGJ", "SCJG", "GAJ", "HBJ"))
# The types of what the restaurant holds; the types in OPEN are open to urban management.
FOOD, BUSINESS, DISCHARGE = FOOD_LICENCE, "11100000MB0328832T901", "11100000MB9000001J901"
PRODUCTION, MEDICINE = "11100000MB0328832T902", "11100000MB0328832T903"
ISSUED_BY = {FOOD: ISSUER, BUSINESS: ISSUER, DISCHARGE: ENVIRONMENT, PRODUCTION: ISSUER, MEDICINE: ISSUER}
OPEN = {FOOD, BUSINESS, DISCHARGE}
PURPOSE = "核对经营主体 / who runs the place"
LIST = "egov.certificates.v1.CertificatesService/ListHolderCertificates"


@dataclass
class Case:
    """The case as far as it has come. `certificates` by type, as they were issued; `used` is the answer to the use."""

    city: City
    certificates: dict[str, Json]
    incident: Json
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    used: Answer | None = None

    @property
    def number(self) -> str:
        return str(self.incident["caseNumber"])

    @property
    def use(self) -> Json:
        """The record of the use."""
        assert self.used is not None
        record: Json = self.used.body["use"]
        return record

    def officer(self, department: str) -> Staff:
        return self.city.people.officer(department)

    def list_as(self, department: str) -> Answer:
        """A department asks which certificates the restaurant has, for this case."""
        asked = {"holderKind": "HOLDER_KIND_ENTERPRISE", "holderId": ENTERPRISE, "caseNumber": self.number}
        return self.city.gateway.get("/v1/certificates", asked, door=self.officer(department))

    def use_as(self, department: str, type_code: str, key: str | None = None) -> Answer:
        """A department uses a certificate for this case."""
        path = f"/v1/certificates/{self.certificates[type_code]['certificateId']}:use"
        said = {"caseNumber": self.number, "purpose": PURPOSE}
        return self.city.gateway.post(path, said, door=self.officer(department), key=key)

    def refused(self, department: str, type_code: str) -> str:
        """Why a department may not use a certificate now."""
        with pytest.raises(ApiError) as told:
            self.use_as(department, type_code)
        return told.value.reason

    def lead(self, command: str, type_code: str) -> None:
        """The issuer leads a certificate to its next state."""
        certificate = self.certificates[type_code]
        path, said = f"/v1/certificates/{certificate['certificateId']}", {"version": certificate["version"]}
        answer = self.city.gateway.post(f"{path}:{command}", said, door=self.officer(ISSUED_BY[type_code]))
        self.certificates[type_code] = answer.body["certificate"]

    def history_as(self, department: str, type_code: str) -> Json:
        """How a certificate stood over time, as a department is shown it."""
        path = f"/v1/certificates/{self.certificates[type_code]['certificateId']}/history"
        return self.city.gateway.get(path, door=self.officer(department)).body

    def uses_kept(self) -> list[Json]:
        return self.city.rows("certificates", "SELECT * FROM certificate_use WHERE case_number = %s", self.number)


@pytest.fixture(scope="module")
def case(city: City) -> Case:
    """The restaurant's certificates; and a report, dispatched to urban management, which accepts it."""
    certificates = {type_code: issue(city, type_code, department) for type_code, department in ISSUED_BY.items()}
    incident = city.file(enterpriseCode=ENTERPRISE).body["incident"]
    for step in (city.dispatch, city.accept):
        incident = step(incident).body["incident"]
    return Case(city, certificates, incident)


def issue(city: City, type_code: str, department: str) -> Json:
    said = licence_wanted(ENTERPRISE, NAME, typeCode=type_code, number=f"NP{uuid.uuid4().hex[:12].upper()}")
    answer = city.gateway.post("/v1/certificates", said, door=city.people.officer(department))
    return dict(answer.body["certificate"])


def test_1_urban_management_handles_the_incident(case: Case) -> None:
    assert (case.incident["state"], case.incident["holderDepartment"]) == ("INCIDENT_STATE_ACCEPTED", HANDLES)
    assert case.incident["report"]["enterpriseCode"] == ENTERPRISE


def test_2_it_sees_what_is_open_to_it_and_nothing_else(case: Case) -> None:
    seen = case.list_as(HANDLES).body["certificates"]
    # Other tests may have issued it more of a type; what it must not see is of other types.
    issued = {each["certificateId"] for each in case.certificates.values()}
    mine = {each["certificateId"] for each in seen} & issued
    assert mine == {case.certificates[open]["certificateId"] for open in OPEN}
    assert {each["typeCode"] for each in seen} == OPEN
    assert {each["holder"] for each in seen} == {ENTERPRISE}
    # The police see others of the same restaurant.
    assert {each["typeCode"] for each in case.list_as(POLICE).body["certificates"]} == {BUSINESS, MEDICINE}


def test_2_every_look_is_audited_with_the_holder_and_the_case(case: Case) -> None:
    answer = case.list_as(HANDLES)
    (row,) = wait_for("the audit row", lambda: case.city.audit("certificates", answer.trace_id))
    assert (row["method"], row["outcome"]) == (LIST, "OK")
    assert (row["target"], row["case_number"], row["department"]) == (ENTERPRISE, case.number, HANDLES)
    assert row["subject"] == officer_id(case.city)


def test_3_it_uses_one_and_the_use_is_recorded(case: Case) -> None:
    case.used = case.use_as(HANDLES, FOOD, case.key)
    used = case.used.body["certificate"]
    assert (used["certificateId"], used["status"]) == (
        case.certificates[FOOD]["certificateId"], "CERTIFICATE_STATUS_VALID",
    )  # fmt: skip
    assert (case.use["department"], case.use["personId"]) == (HANDLES, officer_id(case.city))
    assert (case.use["caseNumber"], case.use["purpose"]) == (case.number, PURPOSE)
    case.certificates[FOOD] = used
    (kept,) = case.uses_kept()
    assert (str(kept["id"]), str(kept["certificate_id"])) == (case.use["useId"], used["certificateId"])
    assert kept["used_at"] == datetime.fromisoformat(case.use["usedAt"])


def test_4_the_same_use_under_one_key_is_one_use(case: Case) -> None:
    assert case.use_as(HANDLES, FOOD, case.key).body["use"] == case.use
    assert len(case.uses_kept()) == 1


def test_5_the_fact_is_published_in_the_case(case: Case) -> None:
    def published() -> list[Any]:
        return case.city.records(CERTIFICATES_TOPIC, case.number)

    (record,) = wait_for("the event", published)
    assert record.envelope.type == "egov.certificates.v1.CertificateUsed"
    assert record.key == case.certificates[FOOD]["certificateId"]
    assert case.use["useId"].encode() in record.body and PURPOSE.encode() not in record.body


def test_6_the_holder_and_the_department_are_told_once(case: Case) -> None:
    def told() -> list[Json]:
        return [n for n in case.city.notices(case.number) if n["template"].startswith("certificate-used/")]

    wait_for("both notices", lambda: len(told()) >= 2)
    assert {(n["owner_kind"], n["owner_id"]) for n in told()} == {("enterprise", ENTERPRISE), ("department", HANDLES)}
    assert len(told()) == 2
    (own,) = (str(n["id"]) for n in told() if n["owner_id"] == ENTERPRISE)
    assert len(wait_for("the mail", lambda: [id for id in mail_ids(case.city) if id == own])) == 1


def test_7_who_has_used_it_is_shown_to_its_issuer_alone(case: Case) -> None:
    assert case.history_as(ISSUER, FOOD)["uses"] == [case.use]
    # Not even the one who used it: who else did is no matter of its.
    assert case.history_as(HANDLES, FOOD)["uses"] == []
    with pytest.raises(ApiError) as told:
        case.history_as(POLICE, FOOD)
    assert told.value.reason == "CERTIFICATE_NOT_FOUND"


def test_8_one_that_is_not_open_to_it_does_not_exist_for_it(case: Case) -> None:
    for closed in (PRODUCTION, MEDICINE):
        assert case.refused(HANDLES, closed) == "CERTIFICATE_NOT_FOUND"
    assert case.refused(POLICE, FOOD) == "CERTIFICATE_NOT_FOUND"


def test_9_one_that_is_not_in_force_is_seen_and_not_used(case: Case) -> None:
    case.lead("suspend", FOOD)
    assert case.refused(HANDLES, FOOD) == "WRONG_STATE"
    case.lead("revoke", BUSINESS)
    assert case.refused(HANDLES, BUSINESS) == "WRONG_STATE"
    expire(case.city, case.certificates[DISCHARGE]["certificateId"])
    assert case.refused(HANDLES, DISCHARGE) == "WRONG_STATE"

    seen = {each["typeCode"]: each["status"] for each in case.list_as(HANDLES).body["certificates"]}
    assert seen == {
        FOOD: "CERTIFICATE_STATUS_SUSPENDED",
        BUSINESS: "CERTIFICATE_STATUS_REVOKED",
        DISCHARGE: "CERTIFICATE_STATUS_EXPIRED",
    }
    assert len(case.uses_kept()) == 1


def expire(city: City, certificate_id: str) -> None:
    """Its validity is over, as time would do it."""
    with city.stack.database("certificates", owner=True) as certificates:
        certificates.execute(
            "UPDATE certificate_edition SET valid_from = now() - interval '2 days', valid_until = now()"
            " WHERE certificate_id = %s", (certificate_id,),
        )  # fmt: skip


def officer_id(city: City) -> str:
    """The id of urban management's officer."""
    asked = "SELECT person_id FROM staff WHERE login = %s AND department = %s"
    return str(city.one("identity", asked, f"officer.cgj.{COUNTY}", HANDLES)["person_id"])
