"""The case of the chain: who acts in it, and what was last seen of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from deploy.local.client import Answer
from deploy.local.tokens import Staff
from tests.e2e.city import COUNTY, City, Json, licence_wanted
from tests.waiting import wait_for

DEPARTMENT = f"{COUNTY}-SCJG"
HYGIENE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "90001"}
ENTERPRISE, NAME, MAILBOX = "92371199MAB0000158", "海曲小馆（虚构）", "haiqu@enterprises.rizhao.example"
SPOILED = "FOOD-03"
LOGINS = (f"officer.scjg.{COUNTY}", f"officer-2.scjg.{COUNTY}")


@dataclass
class Chain:
    """The case as far as it has come: each field is what was last answered or read."""

    city: City
    licence: Json
    incident: Json = field(default_factory=dict)
    inspection: Json = field(default_factory=dict)
    traces: dict[str, str] = field(default_factory=dict)
    """Trace id of every step that a person took, by what was led on and how, such as `incident:file`."""

    @classmethod
    def begun(cls, city: City) -> Self:
        """Market supervision issues the enterprise a food business licence before anything is reported."""
        body = licence_wanted(ENTERPRISE, NAME)
        issued = city.gateway.post("/v1/certificates", body, door=city.people.officer(DEPARTMENT)).body["certificate"]
        return cls(city, issued)

    def file(self) -> Json:
        """A citizen reports its kitchen."""
        filed = self.city.file(type=HYGIENE, enterpriseCode=ENTERPRISE, description="Kitchen unclean")
        return self.led("file", filed)

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

    def await_inspection(self) -> None:
        """The inspection that the incident's dispatch opens, once it is there."""
        query = {"incidentId": self.incident["incidentId"]}

        def opened() -> list[Json]:
            found: list[Json] = self.city.gateway.get("/v1/inspections", query, door=self.officer()).body["inspections"]
            return found

        (self.inspection,) = wait_for("an inspection", opened)

    def inspect(self, command: str, by: Staff, **said: Any) -> None:
        """Somebody leads the inspection a step on."""
        body = {"version": self.inspection["version"]} | said
        path = f"/v1/inspections/{self.inspection['inspectionId']}:{command}"
        answer = self.city.gateway.post(path, body, door=by)
        self.traces[f"inspection:{command}"] = answer.trace_id
        self.inspection = answer.body["inspection"]

    def led(self, command: str, answer: Answer) -> Json:
        """Somebody led the incident a step on, and this was the answer."""
        self.traces[f"incident:{command}"] = answer.trace_id
        self.incident = answer.body["incident"]
        return self.incident

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
