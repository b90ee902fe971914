"""The right department is not enough: each step of a case is for a role, and refused to the others who work there.

The case is led from the licence to the close. Before each step everybody whose role may not do it tries, at the very
moment and with the very words with which the right person then does it: nothing but the role stands in their way.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.client import TokenSource
from tests.e2e.city import CENTRE, COUNTY, City, Json, licence_wanted, report
from tests.e2e.door import assert_refused
from tests.waiting import wait_for

DEPARTMENT = f"{COUNTY}-SCJG"
OFFICERS = (f"officer.scjg.{COUNTY}", f"officer-2.scjg.{COUNTY}")
HYGIENE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "90001"}
ENTERPRISE, NAME = "92371199MAB0000233", "灯塔海鲜酒楼（虚构）"


@dataclass
class Case:
    """The case as far as it has come: each thing as it was last answered or read."""

    city: City
    things: dict[str, Json] = field(default_factory=dict)

    def person(self, role: str) -> TokenSource:
        """Who has a role at the department that inspects, or at the county's grid centre."""
        people = self.city.people
        known: dict[str, TokenSource] = {
            "citizen app": people.citizens,
            "seat": people.seat(COUNTY),
            "grid worker": people.grid_worker(COUNTY),
            "officer of the centre": people.officer(CENTRE),
            "coordinator of the centre": people.coordinator(CENTRE),
            "officer": people.officer(DEPARTMENT),
            "coordinator": people.coordinator(DEPARTMENT),
        }
        return known[role]

    def keep(self, answer: Json) -> None:
        """What a step answered is how that thing stands now."""
        self.things |= {name: answer[name] for name in ("incident", "inspection", "certificate") if name in answer}

    def read(self, thing: str, path: str, reader: str) -> Json:
        """How a thing stands now."""
        self.keep(self.city.gateway.get(f"{path}/{self.things[thing][f'{thing}Id']}", door=self.person(reader)).body)
        return self.things[thing]

    def command(self, thing: str, path: str, verb: str, **said: object) -> tuple[str, Json]:
        """Path and body of a command to a thing as it was seen."""
        body = {"version": self.things[thing]["version"]} | said
        return f"{path}/{self.things[thing][f'{thing}Id']}:{verb}", body

    def grid(self, verb: str, **said: object) -> tuple[str, Json]:
        return self.command("incident", "/v1/incidents", verb, **said)

    def inspect(self, verb: str, **said: object) -> tuple[str, Json]:
        return self.command("inspection", "/v1/inspections", verb, **said)

    def licence(self, verb: str, **said: object) -> tuple[str, Json]:
        return self.command("certificate", "/v1/certificates", verb, **said)

    def officer_ids(self) -> list[str]:
        asked = "SELECT person_id FROM staff WHERE login = ANY(%s) AND department = %s"
        return [str(row["person_id"]) for row in self.city.rows("identity", asked, list(OFFICERS), DEPARTMENT)]

    def books(self, service: str) -> Json:
        """What a change would have changed: facts, and outcomes kept for a key."""
        asked = "(SELECT count(*) FROM chassis.event_log) AS events, (SELECT count(*) FROM chassis.idempotency) AS kept"
        return self.city.one(service, f"SELECT {asked}")


def inspected(case: Case) -> None:
    """The dispatch has opened an inspection, which has accepted the incident."""
    query = {"incidentId": case.things["incident"]["incidentId"]}

    def opened() -> list[Json]:
        answer = case.city.gateway.get("/v1/inspections", query, door=case.person("officer"))
        found: list[Json] = answer.body["inspections"]
        return found

    (case.things["inspection"],) = wait_for("an inspection", opened)
    wait_for("accepted", lambda: case.read("incident", "/v1/incidents", "seat")["state"] == "INCIDENT_STATE_ACCEPTED")


def suspended(case: Case) -> None:
    wanted = "CERTIFICATE_STATUS_SUSPENDED"
    wait_for("suspended", lambda: case.read("certificate", "/v1/certificates", "officer")["status"] == wanted)


def ended(case: Case) -> None:
    """The end of the inspection has resumed the licence and reported the incident handled."""
    wanted = "CERTIFICATE_STATUS_VALID"
    wait_for("resumed", lambda: case.read("certificate", "/v1/certificates", "officer")["status"] == wanted)
    wait_for("handled", lambda: case.read("incident", "/v1/incidents", "seat")["state"] == "INCIDENT_STATE_HANDLED")


@dataclass(frozen=True)
class Step:
    """One step: who does it, who may not for lack of a scope, and what must have followed before the next."""

    what: str
    scope: str
    by: str
    not_by: tuple[str, ...]
    asks: Callable[[Case], tuple[str, Json]]
    then: Callable[[Case], None] = lambda case: None

    @property
    def service(self) -> str:
        return self.scope.partition(".")[0]


def licence(case: Case) -> tuple[str, Json]:
    return "/v1/certificates", licence_wanted(ENTERPRISE, NAME)


def reported(case: Case) -> tuple[str, Json]:
    return "/v1/incidents", {"report": report(type=HYGIENE, enterpriseCode=ENTERPRISE, description="Kitchen unclean")}


def in_a_week() -> str:
    return (datetime.now(UTC) + timedelta(days=7)).isoformat()


STEPS = [
    Step("issue the licence", "certificates.certificates.issue", "officer", ("coordinator", "seat"), licence),
    Step(
        "file", "grid.incidents.file", "citizen app",
        ("officer", "coordinator", "officer of the centre", "coordinator of the centre"), reported,
    ),
    Step(
        "dispatch", "grid.incidents.dispatch", "seat", ("grid worker", "officer of the centre", "officer"),
        lambda case: case.grid("dispatch"), inspected,
    ),
    Step(
        "assign officers", "inspection.inspections.assign", "coordinator", ("seat", "grid worker"),
        lambda case: case.inspect("assign", officers=case.officer_ids()),
    ),
    Step(
        "use the licence without paper", "certificates.certificates.use", "officer of the centre",
        ("seat", "grid worker", "coordinator of the centre"),
        lambda case: (
            f"/v1/certificates/{case.things['certificate']['certificateId']}:use",
            {"caseNumber": case.things["incident"]["caseNumber"], "purpose": "Handling of a report"},
        ),
    ),
    Step(
        "record a finding", "inspection.inspections.check", "officer", ("coordinator", "seat", "grid worker"),
        lambda case: case.inspect("recordFinding", itemCode="FOOD-03", gravity="GRAVITY_GRAVE"), suspended,
    ),
    Step(
        "order rectification", "inspection.inspections.check", "officer", ("coordinator", "seat", "grid worker"),
        lambda case: case.inspect("orderRectification", rectifyBy=in_a_week()),
    ),
    Step(
        "check again", "inspection.inspections.check", "officer", ("coordinator", "seat", "grid worker"),
        lambda case: case.inspect("recordRecheck", passed=True),
    ),
    Step(
        "close the inspection", "inspection.inspections.close", "officer", ("coordinator", "seat", "grid worker"),
        lambda case: case.inspect("close"), ended,
    ),
    Step(
        "verify", "grid.incidents.verify", "seat",
        ("grid worker", "officer of the centre", "coordinator of the centre", "officer"),
        lambda case: case.grid("verify", passed=True),
    ),
    Step(
        "close", "grid.incidents.close", "seat",
        ("grid worker", "officer of the centre", "coordinator of the centre", "officer"),
        lambda case: case.grid("close", outcome="CLOSING_OUTCOME_HANDLED"),
    ),
    Step(
        "reopen", "grid.incidents.file", "citizen app", ("officer of the centre", "coordinator of the centre"),
        lambda case: case.grid("reopen"),
    ),
    Step(
        "suspend the licence", "certificates.certificates.suspend", "officer", ("coordinator", "seat"),
        lambda case: case.licence("suspend"),
    ),
    Step(
        "resume the licence", "certificates.certificates.suspend", "officer", ("coordinator", "seat"),
        lambda case: case.licence("resume"),
    ),
    Step(
        "revoke the licence", "certificates.certificates.revoke", "officer", ("coordinator", "seat"),
        lambda case: case.licence("revoke"),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def case(city: City) -> Iterator[Case]:
    yield Case(city)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.what)
def test_a_step_is_refused_to_every_role_but_its_own(case: Case, step: Step) -> None:
    path, body = step.asks(case)
    before = case.books(step.service)
    for role in step.not_by:
        error = assert_refused(case.city.door.post(path, case.person(role).token(), body), 403, "SCOPE_MISSING")
        assert error.metadata == {"scope": step.scope}, role
        audited(case.city, step.service, error.request_id)
    assert case.books(step.service) == before
    case.keep(case.city.gateway.post(path, body, door=case.person(step.by)).body)
    step.then(case)


def audited(city: City, service: str, trace_id: str) -> None:
    """The refusal stands in the service's audit log, with the person who asked."""
    (row,) = wait_for("the audit row", lambda: city.audit(service, trace_id))
    assert (row["outcome"], bool(row["subject"])) == ("SCOPE_MISSING", True)


def test_an_operator_looks_after_operations_and_registers_nobody(city: City) -> None:
    token = city.people.operator().token()
    assert city.door.get("/v1/operations/grid/status", token).status == 200
    path = f"/v1/operations/grid/parked/{uuid.uuid4()}:discard"
    assert_refused(city.door.post(path, token, {"consumer": "none", "reason": "a test"}), 404, "PARKED_NOT_FOUND")
    error = assert_refused(city.door.post("/v1/members", token, {}), 403, "SCOPE_MISSING")
    assert error.metadata == {"scope": "identity.members.register"}
    assert_refused(city.door.get("/v1/operations/grid/status", city.people.seat(COUNTY).token()), 403, "SCOPE_MISSING")
