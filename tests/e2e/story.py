"""A case with people's data in every place that may have some."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from deploy.local.client import Answer
from tests.e2e.chain import DEPARTMENT, Chain
from tests.e2e.city import COUNTY, VILLAGE, City, Json, licence_wanted, report
from tests.e2e.door import Reply
from tests.e2e.marked import (
    ADDRESS,
    CITIZEN_NUMBER,
    DISMISSED,
    HOLDER,
    HOLDER_MAIL,
    HOLDER_NUMBER,
    NAME,
    PHONE,
    PURPOSE,
    WRONG_CITIZEN_NUMBER,
)

HYGIENE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "90001"}


ENTERPRISE, SPOILED = "92371199MAB0000158", "FOOD-03"


CLIENT_SECRET = "k4-secret-of-nobody"


PERSONAL = {
    "description": f"{NAME}（电话 {PHONE}）反映：厨房不洁。",
    "address": ADDRESS,
    "reporter_citizen_number": CITIZEN_NUMBER,
}


# What comes back for odd calls: refusals, and lists with nothing in them.
ODD = (200, 400, 401, 404, 409)


@dataclass
class Story:
    """The case, the case that was dismissed, the citizen who was registered, and what was refused beside them."""

    chain: Chain
    dismissed: Answer
    holder: Answer
    used: Answer
    refused: list[Reply] = field(default_factory=list)

    @property
    def city(self) -> City:
        return self.chain.city


def officer(city: City) -> Any:
    return city.people.officer(DEPARTMENT)


def licence(**said: Any) -> Json:
    return licence_wanted(ENTERPRISE, HOLDER) | said


def citizen(**said: Any) -> Json:
    plain = {"kindCode": "111", "number": HOLDER_NUMBER, "name": HOLDER, "email": HOLDER_MAIL, "region": VILLAGE}
    return plain | said


def use(chain: Chain) -> Answer:
    """The department that has the case looks into the licence, and says what for."""
    said = {"caseNumber": chain.case_number, "purpose": PURPOSE}
    path = f"/v1/certificates/{chain.licence['certificateId']}:use"
    return chain.city.gateway.post(path, said, door=chain.officer())


def inspect(chain: Chain) -> None:
    """From the inspection that the dispatch opened to its close, with a finding that suspends the licence."""
    chain.await_inspection()
    chain.inspect("assign", chain.officer(), officers=chain.officer_ids())
    chain.inspect("recordFinding", chain.officer(1), itemCode=SPOILED, gravity="GRAVITY_GRAVE")
    until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    chain.inspect("orderRectification", chain.officer(), rectifyBy=until)
    chain.licence_is("SUSPENDED")
    chain.inspect("recordRecheck", chain.officer(1), passed=True)
    chain.inspect("close", chain.officer())
    chain.licence_is("VALID")


def dismiss(city: City) -> Answer:
    """A report that the seat dismisses, in words."""
    incident = city.file(**PERSONAL).body["incident"]
    said = {"version": incident["version"], "outcome": "CLOSING_OUTCOME_NOT_FOUND_ON_SITE", "reason": DISMISSED}
    return city.gateway.post(f"/v1/incidents/{incident['incidentId']}:close", said, door=city.people.seat(COUNTY))


def refused_reports(city: City) -> Iterator[Reply]:
    """Reports and reads, refused by the gateway or by grid, with personal data wherever there is room for it."""
    token, door = city.people.citizens.token(), city.door
    personal = report(**PERSONAL)
    key = str(uuid.uuid4())
    odd = {"User-Agent": f"app of {PHONE}", "Baggage": f"phone={PHONE}", "Tracestate": f"egov={PHONE}"}
    yield door.post("/v1/incidents", token, {"report": personal | {"region": "371102999"}}, headers=odd)
    yield door.post("/v1/incidents", token, {"report": personal | {"reporterCitizenNumber": WRONG_CITIZEN_NUMBER}})
    yield door.post("/v1/incidents", token, {"report": personal | {"description": NAME * 1000, "address": PHONE * 20}})
    yield door.post("/v1/incidents", token, {"report": personal | {"description": f"{NAME}\0{PHONE}"}})
    yield door.post("/v1/incidents", token, {"report": personal}, key=f"{PHONE}-{key}-and-too-long-for-a-key-{key}")
    yield door.post("/v1/incidents", token, f'{{"report": {{"description": "{NAME} {PHONE}", }}'.encode())
    yield door.post("/v1/incidents", token, {"report": personal | {"type": NAME}})
    yield door.get(f"/v1/incidents/{PHONE}", token)
    yield door.get(f"/v1/incidents/{CITIZEN_NUMBER}", token)
    yield door.get(f"/v1/incidents?caseNumber={PHONE}&region={quote(NAME)}", token)
    yield door.get(f"/v1/incidents?page.pageToken={PHONE}", token)
    yield door.get(f"/v1/persons/{quote(NAME)}/{PHONE}?address={quote(ADDRESS)}", token)
    yield door.get("/v1/incidents", f"{PHONE}.{PHONE}.{PHONE}")
    fields = f"grant_type=client_credentials&client_id={PHONE}&client_secret={CLIENT_SECRET}".encode()
    yield door.post("/oauth2/token", None, fields, headers={"Content-Type": "application/x-www-form-urlencoded"})


def refused_by_others(chain: Chain) -> Iterator[Reply]:
    """What breaks a unique index, a rule or a state in the other services."""
    door, token = chain.city.door, chain.officer().token()
    yield door.post("/v1/certificates", token, licence(number=chain.licence["number"], holderName=NAME))
    yield door.post("/v1/certificates", token, licence(holderName=NAME * 100, holder=CITIZEN_NUMBER))
    yield door.post("/v1/certificates", token, licence(number=PHONE, holderKind="HOLDER_KIND_PERSON", holder=PHONE))
    yield door.get(f"/v1/certificates/{HOLDER_NUMBER}", token)
    query = f"holderKind=HOLDER_KIND_PERSON&holderId={HOLDER_NUMBER}&caseNumber={chain.case_number}"
    yield door.get(f"/v1/certificates?{query}", token)
    yield door.get(f"/v1/certificates:verify?identifier={HOLDER_NUMBER}", token)
    path = f"/v1/certificates/{chain.licence['certificateId']}:use"
    yield door.post(path, token, {"caseNumber": "371102-20261123-2000427-X", "purpose": PURPOSE * 100})
    yield door.post("/v1/holders", token, citizen(name=NAME))
    yield door.post("/v1/holders", token, citizen(number=WRONG_CITIZEN_NUMBER))
    yield door.post("/v1/holders", token, citizen(number=CITIZEN_NUMBER, email=f"{NAME} at {PHONE}"))
    yield door.get(f"/v1/holders/{HOLDER_NUMBER}", token)
    yield door.post(f"/v1/persons/{CITIZEN_NUMBER}:disable", chain.city.people.operations.token(), {"version": 1})
    yield door.post(f"/v1/inspections/{PHONE}:assign", token, {"version": 1, "officers": [CITIZEN_NUMBER, NAME]})
    yield door.post("/v1/inspections", token, {"enterpriseCode": PHONE, "region": VILLAGE, "reason": NAME})
    yield door.get(f"/v1/operations/grid/parked?consumer={PHONE}", chain.city.people.operations.token())
