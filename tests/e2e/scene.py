"""What has to be there before a refusal can be tried, and the moments that it is tried with."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deploy.local.client import Answer
from tests.e2e.city import COUNTY, City, Json, report
from tests.e2e.door import Reply

# A unit grid, where no other test reports from: grid remembers what identity says of a region.
CLOSED_REGION = "371102001003003"


RETIRED_TYPE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "91001"}


NO_TYPE = {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": "99999"}


RIGHT_CITIZEN_NUMBER, WRONG_CITIZEN_NUMBER = "11010519491231002X", "110105194912310021"


RIGHT_ENTERPRISE, WRONG_ENTERPRISE = "91350100M000100Y43", "91350100M000100Y44"


@dataclass(frozen=True)
class Scene:
    """Incidents of one county: `filed` under `key`, the others at urban management (CGJ), one in each further state."""

    city: City
    key: str
    filed: Json
    dispatched: Json
    accepted: Json
    handled: Json
    verified: Json

    @property
    def citizen(self) -> str:
        """Token of the citizen app."""
        return self.city.people.citizens.token()

    @property
    def seat(self) -> str:
        """Token of the county's seat."""
        return self.city.people.seat(COUNTY).token()

    def report(self, **said: object) -> Reply:
        """A citizen's report, with what is said put over a plain one."""
        return self.city.door.post("/v1/incidents", self.citizen, {"report": report(**said)})

    def dispatch(self, token: str | None, incident: Json, **said: object) -> Reply:
        """An incident is to be dispatched."""
        body = {"version": incident["version"]} | said
        return self.city.door.post(f"/v1/incidents/{incident['incidentId']}:dispatch", token, body)

    def close(self, token: str, incident: Json, **said: object) -> Reply:
        """An incident is to be closed."""
        return self.lead("close", token, incident, **({"outcome": "CLOSING_OUTCOME_HANDLED"} | said))

    def lead(self, command: str, token: str, incident: Json, **said: object) -> Reply:
        """An incident is to be led to its next state."""
        body = {"version": incident["version"]} | said
        return self.city.door.post(f"/v1/incidents/{incident['incidentId']}:{command}", token, body)

    def officer(self, department: str) -> str:
        """Token of the officer of one of the county's departments."""
        return self.city.people.officer(f"{COUNTY}-{department}").token()


def led(city: City, *way: Callable[[Json], Answer]) -> Json:
    """An incident that was filed and led on, step by step."""
    incident: Json = city.file(reference=f"refusals-{1 + len(way)}").body["incident"]
    for step in way:
        incident = step(incident).body["incident"]
    return incident


def in_force(city: City, yes: bool) -> None:
    until = None if yes else datetime.now(UTC) - timedelta(days=1)
    with city.stack.database("identity", owner=True) as identity:
        identity.execute("UPDATE region SET valid_until = %s WHERE code = %s", (until, CLOSED_REGION))
    with city.stack.database("grid", owner=True) as grid:
        standards = (RETIRED_TYPE["standard"], "retired")
        which = (*(standards if yes else reversed(standards)), RETIRED_TYPE["code"])
        grid.execute("UPDATE catalogue_type SET standard = %s WHERE standard = %s AND code = %s", which)


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


def no_moment() -> str:
    """A page token in the right form, whose moment lies before the year 1 in UTC."""
    key = ["0001-01-01T00:00:00+14:00", "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071"]
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")
