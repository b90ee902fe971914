"""The calls of the replay: who leads a report through which step, and what the services say of themselves."""

from __future__ import annotations

import uuid
from typing import Any

from deploy.local.client import Gateway
from deploy.local.people import People
from deploy.local.replaying.player import Standing
from deploy.local.replaying.timeline import Action, Step
from deploy.local.tokens import Member, Staff

KEYS = uuid.UUID("5b0c1c1e-6d52-4f0e-9d3a-1f5f8f6a2b70")  # any fixed namespace: a run's keys are the same on every try
DUPLICATE = "The source labels it a duplicate."

VERBS = {
    Action.DISPATCH: "dispatch",
    Action.ACCEPT: "accept",
    Action.HANDLE: "reportHandled",
    Action.VERIFY: "verify",
    Action.CLOSE: "close",
}


class Calls:
    """Makes the call of a step. Its idempotency key derives from run, row and action."""

    def __init__(self, gateway: Gateway, people: People, run: str) -> None:
        self._gateway, self._people, self._run = gateway, people, run

    def act(self, step: Step, standing: Standing | None) -> Standing:
        """Make the call. Raises ApiError, Unreachable."""
        return self._file(step) if standing is None else self._lead(step, standing)

    def _file(self, step: Step) -> Standing:
        body = {"report": step.mapped.report(self._run)}
        return self._post("/v1/incidents", body, self._people.citizens, step)

    def _lead(self, step: Step, standing: Standing) -> Standing:
        """The department in charge, its holder then, accepts and handles; the county's grid centre does the rest."""
        by_department = step.action in (Action.ACCEPT, Action.HANDLE)
        people = self._people
        door = people.officer(standing.department) if by_department else people.seat(step.mapped.village[:6])
        path = f"/v1/incidents/{standing.incident_id}:{VERBS[step.action]}"
        return self._post(path, {"version": standing.version, **said(step)}, door, step)

    def _post(self, path: str, body: dict[str, Any], door: Member | Staff, step: Step) -> Standing:
        key = uuid.uuid5(KEYS, f"{self._run}/{step.mapped.row.key}/{step.action.name}")
        incident = self._gateway.post(path, body, door=door, key=str(key)).body["incident"]
        return Standing(incident["incidentId"], int(incident["version"]), incident.get("holderDepartment", ""))


def said(step: Step) -> dict[str, Any]:
    """What a step after the filing says beside the version."""
    if step.action is Action.VERIFY:
        return {"passed": True}
    if step.action is not Action.CLOSE:
        return {}
    if step.mapped.row.duplicate:
        return {"outcome": "CLOSING_OUTCOME_DUPLICATE", "reason": DUPLICATE}
    return {"outcome": "CLOSING_OUTCOME_HANDLED"}


def status(gateway: Gateway, people: People, service: str) -> dict[str, Any]:
    """How a service stands. Raises ApiError, Unreachable."""
    return gateway.get(f"/v1/operations/{service}/status", door=people.operations).body
