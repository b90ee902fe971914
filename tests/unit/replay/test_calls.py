import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.client import Answer
from deploy.local.replaying.calls import Calls
from deploy.local.replaying.cases import Action, Case, Noun, Step, steps_of
from deploy.local.replaying.player import Mark, NotYet, Standing
from tests.unit.replay.made import BUSINESS, DIRTY, SPOILED, VILLAGE, chain, report, request

BEGAN = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
DEPARTMENT = "371102-SCJG"
AFTER_DISPATCH = Standing({Noun.INCIDENT: Mark("i", 2, "c")}, DEPARTMENT)


@dataclass
class Staff:
    login: str

    def token(self) -> str:
        claims = base64.urlsafe_b64encode(json.dumps({"sub": f"id of {self.login}"}).encode()).decode().rstrip("=")
        return f"header.{claims}.signature"

    def __hash__(self) -> int:
        return hash(self.login)


class People:
    """Stands in for the people of the sample city."""

    citizens = Staff("citizens")

    def __init__(self) -> None:
        self.office = self

    def seat(self, county: str) -> Staff:
        return Staff(f"seat.{county}")

    def officer(self, department: str) -> Staff:
        return Staff(f"officer@{department}")

    def vouching_for(self, login: str, department: str) -> Staff:
        return Staff(f"{login}@{department}")


@dataclass
class Gateway:
    """Stands in for the gateway: answers reads as it was told, and changes with one more version."""

    inspections: list[dict[str, Any]] = field(default_factory=list)
    incident: dict[str, Any] = field(default_factory=dict)
    posts: list[tuple[str, dict[str, Any], str, str]] = field(default_factory=list)

    def get(self, path: str, query: Any = None, *, door: Staff) -> Answer:
        return Answer({"inspections": self.inspections, "incident": self.incident}, "", "", 0.0, 1)

    def post(self, path: str, body: dict[str, Any], *, door: Staff, key: str) -> Answer:
        self.posts.append((path, body, door.login, key))
        noun = path.split("/")[2].partition(":")[0].removesuffix("s")
        said = {f"{noun}Id": noun, "version": str(body.get("version", 0) + 1), "department": DEPARTMENT}
        return Answer({noun: said}, "", "", 0.0, 1)


def calls(gateway: Gateway, run: str = "night") -> Calls:
    return Calls(gateway, People(), run, BEGAN)  # type: ignore[arg-type]


def step(case: Case, action: Action) -> Step:
    return next(each for each in steps_of(case) if each.action is action)


def play(case: Case, gateway: Gateway, standing: Standing | None = None) -> list[tuple[str, dict[str, Any], str, str]]:
    """Every step of a case, each from where the one before it left it."""
    made = calls(gateway)
    for each in steps_of(case):
        standing = made.act(each, standing)
    return gateway.posts


def test_a_licence_is_issued_by_market_supervision_of_its_county() -> None:
    ((path, body, who, _),) = play(Case(BUSINESS.key, licence=BUSINESS), Gateway())
    assert (path, who) == ("/v1/certificates", f"officer@{DEPARTMENT}")
    assert body == BUSINESS.certificate("night")


def test_an_inspection_by_request_is_led_by_two_officers() -> None:
    posts = play(request(1, SPOILED), Gateway())
    assert [(path.rpartition("/")[2], who) for path, _, who, _ in posts] == [
        ("inspections", f"officer@{DEPARTMENT}"),
        ("inspection:assign", f"officer@{DEPARTMENT}"),
        ("inspection:recordFinding", f"officer@{DEPARTMENT}"),
        ("inspection:orderRectification", f"officer@{DEPARTMENT}"),
        ("inspection:recordRecheck", f"officer-2.scjg.371102@{DEPARTMENT}"),
        ("inspection:close", f"officer@{DEPARTMENT}"),
    ]
    assert posts[0][1] == {"region": VILLAGE, "enterpriseCode": BUSINESS.enterprise("night")}
    assert posts[1][1]["officers"] == [
        f"id of officer@{DEPARTMENT}",
        f"id of officer-2.scjg.371102@{DEPARTMENT}",
    ]
    assert posts[2][1] == {"version": 2, "itemCode": "FOOD-03", "gravity": "GRAVITY_GRAVE"}


def test_a_report_is_led_by_its_department_and_the_seat() -> None:
    posts = play(report("a", 1, 5), Gateway())
    assert [who.partition("@")[0] for _, _, who, _ in posts] == [
        *("citizens", "seat.371102", "officer", "officer", "seat.371102", "seat.371102"),
    ]


def test_a_run_that_goes_on_sends_the_same_keys_and_bodies() -> None:
    assert play(request(1, SPOILED, DIRTY), Gateway()) == play(request(1, SPOILED, DIRTY), Gateway())
    keys = {key for _, _, _, key in play(request(1, SPOILED, DIRTY), Gateway())}
    assert len(keys) == len(steps_of(request(1, SPOILED, DIRTY)))


def test_another_run_has_other_keys() -> None:
    first, other = Gateway(), Gateway()
    opening = step(request(1), Action.OPEN)
    calls(first).act(opening, None)
    calls(other, "day").act(opening, None)
    assert first.posts[0][3] != other.posts[0][3]


def test_officers_are_assigned_once_the_dispatch_has_opened_the_inspection() -> None:
    assign, gateway = step(chain("a"), Action.ASSIGN), Gateway()
    with pytest.raises(NotYet, match="NOT_INSPECTED_YET"):
        calls(gateway).act(assign, AFTER_DISPATCH)
    # A run that goes on finds it further on; what is sent is what was sent at first.
    gateway.inspections = [{"inspectionId": "n", "version": "5", "caseNumber": "c"}]
    after = calls(gateway).act(assign, AFTER_DISPATCH)
    path, body, _, _ = gateway.posts[0]
    assert (path, body["version"]) == ("/v1/inspections/n:assign", 1)
    assert set(after.marks) == {Noun.INCIDENT, Noun.INSPECTION}


@pytest.mark.parametrize("state", ["DISPATCHED", "ACCEPTED"])
def test_the_seat_waits_until_the_inspection_has_handled_the_incident(state: str) -> None:
    gateway = Gateway(incident={"state": f"INCIDENT_STATE_{state}", "version": "3"})
    with pytest.raises(NotYet, match="NOT_HANDLED_YET"):
        calls(gateway).act(step(chain("a"), Action.VERIFY), AFTER_DISPATCH)


@pytest.mark.parametrize(("state", "version"), [("HANDLED", "4"), ("VERIFIED", "5"), ("CLOSED", "6")])
def test_the_seat_verifies_the_version_that_was_handled_on_every_try(state: str, version: str) -> None:
    gateway = Gateway(incident={"state": f"INCIDENT_STATE_{state}", "version": version})
    calls(gateway).act(step(chain("a"), Action.VERIFY), AFTER_DISPATCH)
    assert gateway.posts[0][:3] == ("/v1/incidents/i:verify", {"version": 4, "passed": True}, "seat.371102")
