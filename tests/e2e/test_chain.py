"""One report that goes through every service: read it top to bottom, each test is a step of the case.

A citizen reports an unclean kitchen; market supervision inspects it, what is found suspends the licence, what was
rectified lets it go on, and the incident is closed. Where nobody acts, an event does.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local.client import ApiError
from deploy.local.tokens import Staff
from tests.e2e.books import mail_ids
from tests.e2e.city import CENTRE, COUNTY, VILLAGE, City, Json
from tests.waiting import wait_for

# Each test goes on where the one before it ended.
pytestmark = pytest.mark.timeout(180)

DEPARTMENT = f"{COUNTY}-SCJG"
HYGIENE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "90001"}
ENTERPRISE, NAME, MAILBOX = "92371199MAB0000158", "海曲小馆（虚构）", "haiqu@enterprises.rizhao.example"
LICENCE = "11100000MB0328832T014"
SPOILED = "FOOD-03"
ELSEWHERE = f"{COUNTY}-CGJ"
LOGINS = (f"officer.scjg.{COUNTY}", f"officer-2.scjg.{COUNTY}")

SERVICES = ("certificates", "grid", "identity", "inspection", "notification")
FACTS = {
    "grid": ["IncidentFiled", "IncidentDispatched", "IncidentAccepted", "IncidentHandled", "IncidentVerified",
             "IncidentClosed"],
    "inspection": ["InspectionOpened", "OfficersAssigned", "FindingRecorded", "RectificationOrdered",
                   "RecheckRecorded", "InspectionClosed"],
    "certificates": ["CertificateSuspended", "CertificateResumed"],
}  # fmt: skip
TOLD = {
    ("client", "rizhao-ssp"): {
        "incident-filed", "incident-dispatched", "incident-accepted", "incident-handled", "incident-verified",
        "incident-closed", "inspection-opened", "inspection-rectification", "inspection-passed", "inspection-closed",
        "certificate-suspended", "certificate-resumed",
    },
    ("department", CENTRE): {"incident-filed", "incident-accepted", "incident-handled"},
    ("department", DEPARTMENT): {
        "incident-dispatched", "incident-verified", "incident-closed", "inspection-opened", "inspection-finding",
        "inspection-rectification", "inspection-passed", "inspection-closed", "certificate-suspended",
        "certificate-resumed",
    },
    # Nobody tells an enterprise that it will be inspected.
    ("enterprise", ENTERPRISE): {
        "inspection-finding", "inspection-rectification", "inspection-passed", "inspection-closed",
        "certificate-suspended", "certificate-resumed",
    },
}  # fmt: skip


@dataclass
class Chain:
    """The case as far as it has come: each field is what was last answered or read."""

    city: City
    licence: Json
    incident: Json = field(default_factory=dict)
    inspection: Json = field(default_factory=dict)

    @property
    def case_number(self) -> str:
        return str(self.incident["caseNumber"])

    @property
    def seat(self) -> Staff:
        """Seat of the county's grid centre."""
        return self.city.people.seat(COUNTY)

    def officer(self, number: int = 0) -> Staff:
        """One of the two officers who inspect."""
        return self.city.people.office.vouching_for(LOGINS[number], DEPARTMENT)

    def inspect(self, command: str, by: Staff, **said: Any) -> None:
        """Somebody leads the inspection a step on."""
        body = {"version": self.inspection["version"]} | said
        path = f"/v1/inspections/{self.inspection['inspectionId']}:{command}"
        self.inspection = self.city.gateway.post(path, body, door=by).body["inspection"]

    def read_incident(self) -> Json:
        """The incident as it stands, read by the seat."""
        path = f"/v1/incidents/{self.incident['incidentId']}"
        self.incident = self.city.gateway.get(path, door=self.seat).body["incident"]
        return self.incident

    def licence_is(self, status: str) -> Json:
        """The licence once it stands so; anyone who has its identifier sees the same."""
        path = f"/v1/certificates/{self.licence['certificateId']}"

        def reached() -> bool:
            self.licence = self.city.gateway.get(path, door=self.officer()).body["certificate"]
            return bool(self.licence["status"] == f"CERTIFICATE_STATUS_{status}")

        wait_for(f"the licence is {status}", reached)
        seen = self.city.gateway.get("/v1/certificates:verify", {"identifier": self.licence["identifier"]}).body
        assert (seen["known"], seen["status"]) == (True, f"CERTIFICATE_STATUS_{status}")
        return self.licence

    def incident_is(self, state: str) -> Json:
        """The incident once it stands so."""
        wanted = f"INCIDENT_STATE_{state}"
        wait_for(f"the incident is {state}", lambda: self.read_incident()["state"] == wanted)
        return self.incident

    def officer_ids(self) -> list[str]:
        """The ids of the two officers."""
        asked = "SELECT login, person_id FROM staff WHERE login = ANY(%s) AND department = %s"
        rows = self.city.rows("identity", asked, list(LOGINS), DEPARTMENT)
        ids = {row["login"]: str(row["person_id"]) for row in rows}
        return [ids[login] for login in LOGINS]


@pytest.fixture(scope="module")
def chain(city: City) -> Chain:
    """Market supervision issues the enterprise a food business licence before anything is reported."""
    body = {
        "typeCode": LICENCE,
        "number": f"JY{uuid.uuid4().hex[:12].upper()}",
        "holderKind": "HOLDER_KIND_ENTERPRISE",
        "holder": ENTERPRISE,
        "holderName": NAME,
        "region": VILLAGE,
    }
    issued = city.gateway.post("/v1/certificates", body, door=city.people.officer(DEPARTMENT)).body["certificate"]
    return Chain(city, issued)


@contextmanager
def refused(reason: str) -> Iterator[None]:
    """What is asked is refused for this reason."""
    with pytest.raises(ApiError) as told:
        yield
    assert told.value.reason == reason


def test_1_the_enterprise_holds_a_licence(chain: Chain) -> None:
    licence = chain.licence_is("VALID")
    assert (licence["holder"], licence["issuer"], licence["typeCode"]) == (ENTERPRISE, DEPARTMENT, LICENCE)


def test_2_a_citizen_reports_and_the_seat_dispatches(chain: Chain) -> None:
    filed = chain.city.file(type=HYGIENE, enterpriseCode=ENTERPRISE, description="Kitchen unclean").body["incident"]
    chain.incident = chain.city.dispatch(filed).body["incident"]
    assert chain.incident["holderDepartment"] == DEPARTMENT


def test_3_the_dispatch_opens_an_inspection_which_accepts_the_incident(chain: Chain) -> None:
    query = {"incidentId": chain.incident["incidentId"]}

    def opened() -> list[Json]:
        found: list[Json] = chain.city.gateway.get("/v1/inspections", query, door=chain.officer()).body["inspections"]
        return found

    (chain.inspection,) = wait_for("an inspection", opened)
    assert chain.inspection["state"] == "INSPECTION_STATE_OPENED"
    assert chain.inspection["caseNumber"] == chain.case_number
    assert (chain.inspection["department"], chain.inspection["enterpriseCode"]) == (DEPARTMENT, ENTERPRISE)
    assert chain.incident_is("ACCEPTED")["inspectionId"] == chain.inspection["inspectionId"]


def test_4_two_licensed_officers_are_assigned(chain: Chain) -> None:
    ids = chain.officer_ids()
    with refused("NOT_THE_HOLDER"):
        chain.inspect("assign", chain.city.people.officer(ELSEWHERE), officers=ids)
    with refused("INVALID_ARGUMENT"):
        chain.inspect("assign", chain.officer(), officers=ids[:1])
    chain.inspect("assign", chain.officer(), officers=ids)
    assert chain.inspection["state"] == "INSPECTION_STATE_ASSIGNED"
    assert chain.inspection["officers"] == ids


def test_5_a_grave_finding_suspends_the_licence(chain: Chain) -> None:
    with refused("NOT_AN_OFFICER_HERE"):
        chain.inspect("recordFinding", chain.city.people.officer(ELSEWHERE), itemCode=SPOILED, gravity="GRAVITY_GRAVE")
    chain.inspect("recordFinding", chain.officer(1), itemCode=SPOILED, gravity="GRAVITY_GRAVE")
    (finding,) = chain.inspection["findings"]
    assert (finding["officerId"], finding["certificateType"]) == (chain.officer_ids()[1], LICENCE)
    assert chain.licence_is("SUSPENDED")["caseNumber"] == chain.case_number


def test_6_rectification_is_ordered_and_checked_again(chain: Chain) -> None:
    with refused("NOT_RECTIFIED"):
        chain.inspect("close", chain.officer())
    until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    chain.inspect("orderRectification", chain.officer(), rectifyBy=until)
    assert chain.inspection["state"] == "INSPECTION_STATE_RECTIFYING"
    chain.inspect("recordRecheck", chain.officer(1), passed=True)
    assert chain.inspection["state"] == "INSPECTION_STATE_RECHECKED"


def test_7_the_close_of_the_inspection_resumes_the_licence_and_handles_the_incident(chain: Chain) -> None:
    chain.licence_is("SUSPENDED")
    chain.inspect("close", chain.officer())
    assert chain.inspection["state"] == "INSPECTION_STATE_CLOSED"
    assert chain.inspection["outcome"] == "INSPECTION_OUTCOME_RECTIFIED"
    assert chain.inspection.get("refusedEffects", []) == []

    chain.licence_is("VALID")
    incident = chain.incident_is("HANDLED")
    assert (incident["handlingOutcome"], incident["holderDepartment"]) == ("HANDLING_OUTCOME_RECTIFIED", CENTRE)


def test_8_the_seat_verifies_and_closes(chain: Chain) -> None:
    verified = chain.city.verify(chain.incident).body["incident"]
    assert verified["state"] == "INCIDENT_STATE_VERIFIED"
    chain.incident = chain.city.close(verified).body["incident"]
    assert (chain.incident["state"], chain.incident["version"]) == ("INCIDENT_STATE_CLOSED", "6")


@pytest.mark.parametrize("service", FACTS)
def test_9_one_case_has_every_fact_once_and_in_order(chain: Chain, service: str) -> None:
    events = chain.city.events(service, chain.case_number)
    assert [event["type"].rpartition(".")[2] for event in events] == FACTS[service]


def test_9_nothing_was_parked_on_the_way(chain: Chain) -> None:
    asked = "SELECT * FROM chassis.parked_event WHERE case_number = %s"

    def left() -> list[Json]:
        return [row for service in SERVICES for row in chain.city.rows(service, asked, chain.case_number)]

    # What overtook another waits for it and is taken then.
    wait_for("nothing waits", lambda: not left())


def test_9_everybody_concerned_was_told_once(chain: Chain) -> None:
    officers = {("person", id): {"inspection-assigned"} for id in chain.officer_ids()}
    wanted = Counter((who, template) for who, templates in (TOLD | officers).items() for template in templates)

    def told() -> Counter[tuple[tuple[str, str], str]]:
        notices = chain.city.notices(chain.case_number)
        return Counter(((n["owner_kind"], n["owner_id"]), n["template"].partition("/")[0]) for n in notices)

    wait_for("every notice", lambda: told().total() >= wanted.total())
    assert told() == wanted


def test_9_the_enterprise_has_its_mails(chain: Chain) -> None:
    mine = [notice for notice in chain.city.notices(chain.case_number) if notice["owner_id"] == ENTERPRISE]
    assert len(mine) == len(TOLD["enterprise", ENTERPRISE])

    def states() -> set[str]:
        asked = "SELECT email_state FROM notice WHERE id = ANY(%s)"
        return {row["email_state"] for row in chain.city.rows("notification", asked, [each["id"] for each in mine])}

    wait_for("every mail was tried", lambda: "PENDING" not in states())
    assert states() == {"SENT"}
    sent = Counter(mail_ids(chain.city))
    assert {str(notice["id"]): sent[str(notice["id"])] for notice in mine} == {str(each["id"]): 1 for each in mine}
    # Those of the licence name the licence in their subject, the others the case.
    named = [mail for mail in chain.city.mails(chain.case_number) if mail["to"] == MAILBOX]
    assert len(named) == len([each for each in TOLD["enterprise", ENTERPRISE] if each.startswith("inspection-")])
