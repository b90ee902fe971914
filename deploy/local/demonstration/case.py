"""One licence, one incident, one inspection: what can be asked of the gateway about them, and how they stand."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.client import Answer, Gateway, TokenSource
from deploy.local.demonstration.cast import MARKET_SUPERVISION, Actor, Cast, person_id
from deploy.local.demonstration.licensing import LicensingSystem
from deploy.local.demonstration.sample import Restaurant, inspectors_of, standard_of

Json = dict[str, Any]

FOOD_LICENCE = "11100000MB0328832T014"
SPOILED_FOOD = "FOOD-03"
RUBBISH = "路口东侧垃圾堆放已有两天。Rubbish has lain at the crossing for two days."
KITCHEN = "后厨有变质食材。Spoiled food in the kitchen."
RECTIFY_WITHIN = timedelta(days=7)


class Case:
    """The case as far as it has come: each part is what was last answered or read."""

    def __init__(self, gateway: Gateway, cast: Cast, type_code: str, region: str) -> None:
        self._gateway, self._cast, self._type, self._region = gateway, cast, type_code, region
        self.inspectors = inspectors_of(type_code)
        self.licence: Json = {}
        self.incident: Json = {}
        self.inspection: Json = {}

    @property
    def case_number(self) -> str:
        """Its number; empty before the report."""
        return str(self.incident.get("caseNumber", ""))

    @property
    def identifier(self) -> str:
        """The licence's identifier; empty where the case has none."""
        return str(self.licence.get("identifier", ""))

    @property
    def holder(self) -> str:
        """Code of the department that holds the incident."""
        return str(self.incident["holderDepartment"])

    def issue(self, system: LicensingSystem, by: Actor, holder: Restaurant) -> Answer:
        """Market supervision issues a new food business licence: it becomes the newest, which a finding suspends."""
        said = {
            "typeCode": FOOD_LICENCE,
            "number": f"JY{uuid.uuid4().hex[:12].upper()}",
            "holderKind": "HOLDER_KIND_ENTERPRISE",
            "holder": holder.code,
            "holderName": holder.name,
            "region": self._region,
        }
        return self._licensed(system.issue(said, by.door))

    def report(self, by: Actor, about: Restaurant | None) -> Answer:
        """A citizen reports, about a restaurant or about the street."""
        said = {
            "type": {"standard": standard_of(self._type), "kind": "INCIDENT_KIND_EVENT", "code": self._type},
            "region": self._region,
            "description": KITCHEN if about else RUBBISH,
            "address": "示例路 1 号 (an invented address)",
            "reference": f"demo/{datetime.now(UTC):%Y%m%dT%H%M%S%f}",
            **({"enterpriseCode": about.code} if about else {}),
        }
        return self._lead("/v1/incidents", {"report": said}, by)

    def lead(self, command: str, by: Actor, **said: Any) -> Answer:
        """Somebody leads the incident a step on."""
        path = f"/v1/incidents/{self.incident['incidentId']}:{command}"
        return self._lead(path, {"version": self.incident["version"], **said}, by)

    def inspect(self, command: str, by: Actor, **said: Any) -> Answer:
        """Somebody leads the inspection a step on."""
        path = f"/v1/inspections/{self.inspection['inspectionId']}:{command}"
        answer = self._gateway.post(path, {"version": self.inspection["version"], **said}, door=by.door)
        self.inspection = answer.body["inspection"]
        return answer

    def look_up(self, by: Actor, holder: Restaurant) -> Answer:
        """Which certificates the holder has that the caller's department may see, for this case; all pages as one."""
        query = {"holderKind": "HOLDER_KIND_ENTERPRISE", "holderId": holder.code, "caseNumber": self.case_number}
        answer = self._gateway.get("/v1/certificates", query, door=by.door)
        body = answer.body
        while token := body["page"]["nextPageToken"]:
            body = self._gateway.get("/v1/certificates", {**query, "page.pageToken": token}, door=by.door).body
            answer.body["certificates"] += body["certificates"]
        return answer

    def use(self, by: Actor) -> Answer:
        """Fetch the licence without paper, for this case."""
        said = {"caseNumber": self.case_number, "purpose": "核查时核对许可证。To check the licence on site."}
        path = f"/v1/certificates/{self.licence['certificateId']}:use"
        return self._licensed(self._gateway.post(path, said, door=by.door))

    def use_is_on_record(self) -> bool:
        """Whether the issuer is shown the use of the licence for this case."""
        path = f"/v1/certificates/{self.licence['certificateId']}/history"
        uses = self._gateway.get(path, door=self._issuer()).body["uses"]
        return any(use["caseNumber"] == self.case_number for use in uses)

    def inspection_opened(self) -> bool:
        """Whether an inspection of the incident is there."""
        query = {"incidentId": self.incident["incidentId"]}
        found = self._gateway.get("/v1/inspections", query, door=self._issuer()).body["inspections"]
        self.inspection = found[0] if found else {}
        return bool(found)

    def incident_is(self, state: str) -> bool:
        """Whether the incident stands so now, as the seat reads it."""
        path = f"/v1/incidents/{self.incident['incidentId']}"
        self.incident = self._gateway.get(path, door=self._cast.seat().door).body["incident"]
        return bool(self.incident["state"] == f"INCIDENT_STATE_{state}")

    def licence_is(self, status: str) -> bool:
        """Whether the licence stands so now, as its issuer reads it."""
        path = f"/v1/certificates/{self.licence['certificateId']}"
        self.licence = self._gateway.get(path, door=self._issuer()).body["certificate"]
        return bool(self.licence["status"] == f"CERTIFICATE_STATUS_{status}")

    def verified(self) -> Json:
        """What anyone who has the licence's identifier is told."""
        return self._gateway.get("/v1/certificates:verify", {"identifier": self.identifier}).body

    def officer_ids(self) -> list[str]:
        """The ids of the officers who are to inspect."""
        return [person_id(officer) for officer in self._cast.inspectors()]

    def _issuer(self) -> TokenSource:
        return self._cast.officer(self._cast.code(MARKET_SUPERVISION)).door

    def _lead(self, path: str, said: Json, by: Actor) -> Answer:
        answer = self._gateway.post(path, said, door=by.door)
        self.incident = answer.body["incident"]
        return answer

    def _licensed(self, answer: Answer) -> Answer:
        self.licence = answer.body["certificate"]
        return answer


def rectify_by() -> str:
    """Until when rectification is ordered, RFC 3339."""
    return (datetime.now(UTC) + RECTIFY_WITHIN).isoformat()
