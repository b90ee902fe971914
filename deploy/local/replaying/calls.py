"""The calls of the replay: who files, dispatches and closes, and what the services say of themselves."""

from __future__ import annotations

import uuid
from typing import Any

from deploy.local.client import Gateway
from deploy.local.people import People
from deploy.local.replaying.player import Standing
from deploy.local.replaying.timeline import Action, Step
from deploy.local.tokens import Member, Staff

KEYS = uuid.UUID("5b0c1c1e-6d52-4f0e-9d3a-1f5f8f6a2b70")  # any fixed namespace: a run's keys are the same on every try


class Calls:
    """Makes the call of a step. Its idempotency key derives from run, row and action."""

    def __init__(self, gateway: Gateway, people: People, run: str) -> None:
        self._gateway, self._people, self._run = gateway, people, run

    def act(self, step: Step, standing: Standing | None) -> Standing:
        """File, dispatch or close. Raises ApiError, Unreachable."""
        if standing is None:
            return self._file(step)
        return self._dispatch(step, standing) if step.action is Action.DISPATCH else self._close(step, standing)

    def _file(self, step: Step) -> Standing:
        body = {"report": step.mapped.report(self._run)}
        return self._post("/v1/incidents", body, self._people.citizens, step)

    def _dispatch(self, step: Step, standing: Standing) -> Standing:
        path = f"/v1/incidents/{standing.incident_id}:dispatch"
        return self._post(path, {"version": standing.version}, self._people.seat(step.mapped.village[:6]), step)

    def _close(self, step: Step, standing: Standing) -> Standing:
        outcome = "DUPLICATE" if step.mapped.row.duplicate else "HANDLED"
        body = {"version": standing.version, "outcome": f"CLOSING_OUTCOME_{outcome}"}
        path = f"/v1/incidents/{standing.incident_id}:close"
        return self._post(path, body, self._people.officer(standing.department), step)

    def _post(self, path: str, body: dict[str, Any], door: Member | Staff, step: Step) -> Standing:
        key = uuid.uuid5(KEYS, f"{self._run}/{step.mapped.row.key}/{step.action.name}")
        incident = self._gateway.post(path, body, door=door, key=str(key)).body["incident"]
        return Standing(incident["incidentId"], int(incident["version"]), incident.get("holderDepartment", ""))


def status(gateway: Gateway, people: People, service: str) -> dict[str, Any]:
    """How a service stands. Raises ApiError, Unreachable."""
    return gateway.get(f"/v1/operations/{service}/status", door=people.operations).body
