"""A load of real cases: reports that are filed, dispatched, accepted, handled, verified and closed by their people.

Some stay open at each step. Some clients are late: they ask for a change of a version that is no more, and must be
refused. One thread leads reports about an enterprise through inspection, whose findings suspend a licence.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.client import Gateway, TokenSource
from deploy.local.people import People
from deploy.local.stackfile import Stack
from tests.chaos.clerk import Clerk, Journal, Json
from tests.chaos.records import Command, Told
from tests.e2e.city import COUNTY, VILLAGE, report

GRID, INSPECTION = "egov.grid.v1.Incident", "egov.inspection.v1."
ISSUED = "egov.certificates.v1.CertificateIssued"
HYGIENE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "90001"}
ENTERPRISE, LICENCE, SPOILED = "92371199MAB0000158", "11100000MB0328832T014", "FOOD-03"
SUPERVISION = f"{COUNTY}-SCJG"
LATE_SHARE, OPEN_SHARE = 0.2, 0.15
LOOK_AGAIN_S = 0.3


class Load:
    """Client threads on a running stack. `pace_s`: each waits so long between two commands.

    `officers`: ids of two licensed officers of market supervision; without them no case is inspected.
    """

    def __init__(self, where: Stack, *, seed: int, threads: int, pace_s: float, officers: tuple[str, ...] = ()) -> None:
        self.journal = Journal()
        self._gateway = Gateway(where.gateway, where.trust, patience_s=0.0)
        self._people = People(self._gateway, where)
        self.clerk = Clerk(self._gateway, self.journal, until=float("inf"))
        self._pace_s = pace_s
        self._officers = officers
        self._stopping = threading.Event()
        self._failures: list[BaseException] = []
        chances = [random.Random(f"{seed}/{number}") for number in range(threads)]
        work = [(self._cases, chance) for chance in chances] + ([(self._inspected, chances[0])] if officers else [])
        self._threads = [
            threading.Thread(target=self._run, args=each, name=f"client-{number}") for number, each in enumerate(work)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self, within_s: float) -> None:
        """Begin nothing more; what was sent is sent again until there is an answer, for as long as this."""
        self.clerk.until = time.monotonic() + within_s
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def file(self, **said: Any) -> Json | None:
        """A citizen reports. The connection of the thread that asks stays open."""
        body = report(**said)
        command = Command("", f"{GRID}Filed", Told.UNKNOWN, reference=body["reference"])
        return self.clerk.send("/v1/incidents", {"report": body}, self._people.citizens, command, noun="incident")

    def leave(self) -> None:
        """Close the connection of the thread that asks."""
        self._gateway.close()

    def _run(self, work: Any, chance: random.Random) -> None:
        try:
            while not self._stopping.is_set():
                work(chance)
                self._pause()
        except BaseException as failure:  # noqa: BLE001  # raised by the thread that waits for this one
            self._failures.append(failure)
        finally:
            self.leave()

    def _pause(self) -> bool:
        """Wait a little; False when no more is to be begun."""
        return not self._stopping.wait(self._pace_s)

    def _cases(self, chance: random.Random) -> None:
        """One report, as far as its people lead it."""
        incident = self.file()
        for name, event, said in STEPS:
            if incident is None or not self._pause() or chance.random() < OPEN_SHARE:
                return
            before = incident
            incident = self._step(before, name, event, said)
            if incident is not None and name == "accept" and chance.random() < LATE_SHARE:
                self._step(before, "return", "Returned", {"reason": "RETURN_REASON_UNCLEAR"}, late=True)

    def _step(self, incident: Json, name: str, event: str, said: Json, *, late: bool = False) -> Json | None:
        door = self._people.seat(COUNTY)
        if name in ("accept", "return", "reportHandled"):
            door = self._people.officer(incident["holderDepartment"])
        seen = int(incident["version"])
        command = Command("", GRID + event, Told.UNKNOWN, seen, incident["incidentId"], late=late)
        path = f"/v1/incidents/{incident['incidentId']}:{name}"
        return self.clerk.send(path, {"version": seen} | said, door, command, noun="incident")

    def _inspected(self, chance: random.Random) -> None:
        """One report about an enterprise, through inspection and certificates. The first needs a licence to suspend."""
        if not any(command.event == ISSUED for command in self.journal.all()) and self._issue() is None:
            return
        incident = self.file(type=HYGIENE, enterpriseCode=ENTERPRISE, description="Kitchen unclean")
        if incident is None or (incident := self._step(incident, *STEPS[0])) is None:
            return
        inspection = self._look("/v1/inspections", {"incidentId": incident["incidentId"]}, "inspections")
        for name, event, said, number in self._inspecting():
            if inspection is None or not self._pause():
                return
            inspection = self._inspect(inspection, name, event, said, number)
        if inspection is None:
            return
        incident = self._look(f"/v1/incidents/{incident['incidentId']}", {}, "incident", state="INCIDENT_STATE_HANDLED")
        for step in STEPS[3:]:
            if incident is None or not self._pause():
                return
            incident = self._step(incident, *step)

    def _inspecting(self) -> list[tuple[str, str, Json, int]]:
        until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        return [
            ("assign", "OfficersAssigned", {"officers": list(self._officers)}, 0),
            ("recordFinding", "FindingRecorded", {"itemCode": SPOILED, "gravity": "GRAVITY_GRAVE"}, 1),
            ("orderRectification", "RectificationOrdered", {"rectifyBy": until}, 0),
            ("recordRecheck", "RecheckRecorded", {"passed": True}, 1),
            ("close", "InspectionClosed", {}, 0),
        ]

    def _inspect(self, inspection: Json, name: str, event: str, said: Json, number: int) -> Json | None:
        seen = int(inspection["version"])
        command = Command("", INSPECTION + event, Told.UNKNOWN, seen, inspection["inspectionId"])
        path = f"/v1/inspections/{inspection['inspectionId']}:{name}"
        return self.clerk.send(path, {"version": seen} | said, self._officer(number), command, noun="inspection")

    def _issue(self) -> Json | None:
        number = f"JY{uuid.uuid4().hex[:12].upper()}"
        body = {
            "typeCode": LICENCE,
            "number": number,
            "holderKind": "HOLDER_KIND_ENTERPRISE",
            "holder": ENTERPRISE,
            "holderName": "海曲小馆（虚构）",
            "region": VILLAGE,
        }
        command = Command("", ISSUED, Told.UNKNOWN, reference=number)
        return self.clerk.send("/v1/certificates", body, self._officer(0), command, noun="certificate")

    def _officer(self, number: int) -> TokenSource:
        return self._people.office.vouching_for(f"officer{'-2' if number else ''}.scjg.{COUNTY}", SUPERVISION)

    def _look(self, path: str, query: dict[str, str], noun: str, *, state: str = "") -> Json | None:
        """Look again and again until it is there, in this state; None when the load stops first."""
        while True:
            body = self.clerk.read(path, query, self._officer(0))
            found = (body or {}).get(noun)
            one = found[0] if isinstance(found, list) and found else found
            if one and state in ("", one["state"]):
                return dict(one)
            if body is None or self._stopping.wait(LOOK_AGAIN_S):
                return None


STEPS: tuple[tuple[str, str, Json], ...] = (
    ("dispatch", "Dispatched", {}),
    ("accept", "Accepted", {}),
    ("reportHandled", "Handled", {}),
    ("verify", "Verified", {"passed": True}),
    ("close", "Closed", {"outcome": "CLOSING_OUTCOME_HANDLED"}),
)
"""How people lead an incident: the command, the event that it causes, what it says."""
