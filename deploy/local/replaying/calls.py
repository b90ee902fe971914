"""The calls of the replay: who leads a case through which step, and what the services say of themselves.

Each is made by the person whose job it is. Its body is the same on every try, so that a run that goes on is recognised.
"""

from __future__ import annotations

import base64
import json
import uuid
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from deploy.local.client import Gateway
from deploy.local.people import People
from deploy.local.replaying.cases import BY_DEPARTMENT, Action, Noun, Step
from deploy.local.replaying.licences import Licence
from deploy.local.replaying.player import Mark, NotYet, Standing
from deploy.local.tokens import Member, Staff

KEYS = uuid.UUID("5b0c1c1e-6d52-4f0e-9d3a-1f5f8f6a2b70")  # any fixed namespace: a run's keys are the same on every try
DUPLICATE = "The source labels it a duplicate."
# Within the 90 days that inspection allows, also for a run that goes on after some days; only the order is real.
RECTIFY_WITHIN, NEW_DATE_WITHIN = timedelta(days=60), timedelta(days=75)

VERBS = {
    Action.DISPATCH: "dispatch",
    Action.ACCEPT: "accept",
    Action.HANDLE: "reportHandled",
    Action.VERIFY: "verify",
    Action.CLOSE: "close",
    Action.ASSIGN: "assign",
    Action.FIND: "recordFinding",
    Action.ORDER: "orderRectification",
    Action.FAIL: "recordRecheck",
    Action.PASS: "recordRecheck",
    Action.END: "close",
}
# Versions that an incident counted on since it was handled, by state: what a run that goes on may find.
SINCE_HANDLED = {"INCIDENT_STATE_HANDLED": 0, "INCIDENT_STATE_VERIFIED": 1, "INCIDENT_STATE_CLOSED": 2}


class Calls:
    """Makes the call of a step. Its idempotency key derives from run, case and step. `began`: when the run did."""

    def __init__(self, gateway: Gateway, people: People, run: str, began: datetime) -> None:
        self._gateway, self._people, self._run, self._began = gateway, people, run, began
        self._id_of = cache(person_id)

    def act(self, step: Step, standing: Standing | None) -> Standing:
        """Make the call. Raises ApiError, Unreachable, and NotYet where an event's effect is not there yet."""
        if standing is None:
            return self._begin(step)
        if step.action.noun is Noun.INSPECTION:
            return self._inspect(step, standing)
        return self._lead(step, standing)

    def _begin(self, step: Step) -> Standing:
        """Issue a licence, file a report or open an inspection."""
        case = step.case
        body: dict[str, Any] = {}
        door: Member | Staff = self._people.citizens
        if case.mapped is not None:
            body = {"report": case.mapped.report(self._run)}
        elif case.licence is not None:
            body, door = case.licence.certificate(self._run), self._people.officer(case.licence.department)
        elif case.inspected is not None:
            licence = case.inspected.licence
            body, door = self._request(licence), self._people.officer(licence.department)
        return self._post(step, f"/v1/{step.action.noun}s", body, door, Standing({}))

    def _request(self, licence: Licence) -> dict[str, str]:
        return {"region": licence.village, "enterpriseCode": licence.enterprise(self._run)}

    def _lead(self, step: Step, standing: Standing) -> Standing:
        """The department in charge, its holder then, accepts and handles; the county's grid centre does the rest."""
        seat = self._people.seat(step.case.county)
        door = self._people.officer(standing.department) if step.action in BY_DEPARTMENT else seat
        mark = standing.marks[Noun.INCIDENT]
        if step.case.chain and step.action is Action.VERIFY:
            mark = Mark(mark.id, self._handled_version(mark.id, seat), mark.case_number)
        return self._change(step, mark, said(step), door, standing)

    def _inspect(self, step: Step, standing: Standing) -> Standing:
        """An officer of the inspecting department; whoever was not there before checks again."""
        officers = self._officers(standing.department)
        mark = standing.marks.get(Noun.INSPECTION) or self._opened(standing, officers[0])
        body = self._said_of_inspection(step, officers)
        door = officers[step.action in (Action.FAIL, Action.PASS)]
        return self._change(step, mark, body, door, standing)

    def _said_of_inspection(self, step: Step, officers: tuple[Staff, Staff]) -> dict[str, Any]:
        """What a step of an inspection says beside the version."""
        if step.action is Action.ASSIGN:
            return {"officers": [self._id_of(officer) for officer in officers]}
        if step.finding is not None:
            return step.finding.json()
        if step.action is Action.ORDER:
            return {"rectifyBy": (self._began + RECTIFY_WITHIN).isoformat()}
        if step.action is Action.FAIL:
            return {"passed": False, "rectifyBy": (self._began + NEW_DATE_WITHIN).isoformat()}
        return {"passed": True} if step.action is Action.PASS else {}

    def _officers(self, department: str) -> tuple[Staff, Staff]:
        """The two licensed officers of a county's market supervision."""
        county = department.partition("-")[0]
        return self._people.officer(department), self._people.office.vouching_for(
            f"officer-2.scjg.{county}", department
        )

    def _opened(self, standing: Standing, officer: Staff) -> Mark:
        """The inspection that the dispatch opened, as it was at first. Raises NotYet."""
        query = {"incidentId": standing.marks[Noun.INCIDENT].id}
        found = self._gateway.get("/v1/inspections", query, door=officer).body["inspections"]
        if not found:
            raise NotYet("NOT_INSPECTED_YET")
        return Mark(found[0]["inspectionId"], 1, found[0]["caseNumber"])

    def _handled_version(self, incident_id: str, seat: Staff) -> int:
        """The version in which the inspection's end left the incident. Raises NotYet."""
        incident = self._gateway.get(f"/v1/incidents/{incident_id}", door=seat).body["incident"]
        if incident["state"] not in SINCE_HANDLED:
            raise NotYet("NOT_HANDLED_YET")
        return int(incident["version"]) - SINCE_HANDLED[incident["state"]]

    def _change(self, step: Step, mark: Mark, body: dict[str, Any], door: Staff, standing: Standing) -> Standing:
        path = f"/v1/{step.action.noun}s/{mark.id}:{VERBS[step.action]}"
        return self._post(step, path, {"version": mark.version, **body}, door, standing)

    def _post(self, step: Step, path: str, body: dict[str, Any], door: Member | Staff, before: Standing) -> Standing:
        noun = step.action.noun
        key = uuid.uuid5(KEYS, f"{self._run}/{step.name}")
        said = self._gateway.post(path, body, door=door, key=str(key)).body[noun]
        mark = Mark(said[f"{noun}Id"], int(said["version"]), said.get("caseNumber", ""))
        department = said.get("holderDepartment") or said.get("department") or before.department
        return Standing({**before.marks, noun: mark}, department)


def said(step: Step) -> dict[str, Any]:
    """What a step of a report after the filing says beside the version."""
    if step.action is Action.VERIFY:
        return {"passed": True}
    if step.action is not Action.CLOSE:
        return {}
    if step.case.mapped is not None and step.case.mapped.row.duplicate:
        return {"outcome": "CLOSING_OUTCOME_DUPLICATE", "reason": DUPLICATE}
    return {"outcome": "CLOSING_OUTCOME_HANDLED"}


def person_id(staff: Staff) -> str:
    """Whom a token is about: its claim `sub` (RFC 9068), read without a check by the one it was issued to."""
    payload = staff.token().split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["sub"])


def status(gateway: Gateway, people: People, service: str) -> dict[str, Any]:
    """How a service stands. Raises ApiError, Unreachable."""
    return gateway.get(f"/v1/operations/{service}/status", door=people.operations).body
