"""Every step of an inspection, refused: a row per wrong caller, state, version and rule of the field.

Each step has an inspection of its own that stands ready for it; the last test takes the steps, so that no row is
refused for another reason than the one it names.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.city import COUNTY, COUNTY_ELSEWHERE, VILLAGE, VILLAGE_ELSEWHERE, City, Json, report
from tests.e2e.refusing import (
    Refused,
    Scene,
    Step,
    assert_without_effect,
    officer_of,
    refused_on,
    stale,
    wrong_callers,
)
from tests.waiting import wait_for

SERVICE, PATH = "inspection", "/v1/inspections"
# Holds no licence that an inspection could suspend.
ENTERPRISE = "92371199MAB00004XM"
HYGIENE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "90001"}
ITEM = {"itemCode": "FOOD-01", "gravity": "GRAVITY_ORDINARY"}
OWN, SECOND = ("officer.scjg.371102", f"{COUNTY}-SCJG"), ("officer-2.scjg.371102", f"{COUNTY}-SCJG")
LENT_TO_US, LENT_NO_MORE = ("officer-2.scjg.371103", "371103-SCJG"), ("officer-2.scjg.371121", "371121-SCJG")
OF_CGJ, WORKER = ("officer.cgj.371102", f"{COUNTY}-CGJ"), ("grid-worker.371102", f"{COUNTY}-ZHZX")

officer, neighbour, foreigner = officer_of("SCJG"), officer_of("CGJ"), officer_of("SCJG", COUNTY_ELSEWHERE)


def not_named(city: City) -> str:
    """An officer of the inspecting department who was not named for the inspection."""
    return city.people.office.vouching_for(*SECOND).token()


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def person(city: City, login: str, department: str) -> str:
    """A person's id."""
    asked = "SELECT person_id FROM staff WHERE login = %s AND department = %s"
    return str(city.one("identity", asked, login, department)["person_id"])


def named(*people: tuple[str, str]) -> Callable[[Scene], Json]:
    """These people as officers."""
    return lambda scene: {"officers": [person(scene.city, *each) for each in people]}


OPEN = Step(
    "open", "", officer, lambda _: {"region": VILLAGE, "enterpriseCode": ENTERPRISE}, on_a_thing=False
)  # fmt: skip
GET = Step("get", "", officer, takes_version=False, reads=True, level=False)
LIST = Step("list", "", officer, on_a_thing=False, reads=True, level=False)
ASSIGN = Step("assign", "assign", officer, named(OWN, LENT_TO_US))
FIND = Step("find", "recordFinding", officer, lambda _: ITEM)
ORDER = Step("order", "orderRectification", officer, lambda _: {"rectifyBy": in_days(7)})
EXTEND = Step("extend", "extendRectification", officer, lambda _: {"rectifyBy": in_days(14)})
RECHECK = Step("recheck", "recordRecheck", officer, lambda _: {"passed": True})
CLOSE = Step("close", "close", officer)
STEPS = (OPEN, GET, LIST, ASSIGN, FIND, ORDER, EXTEND, RECHECK, CLOSE)

# How far an inspection is led before it stands ready for a step, or in a state.
WAY: Mapping[str, tuple[Step, ...]] = {
    "get": (),
    "assign": (),
    "find": (ASSIGN,),
    "order": (ASSIGN, FIND),
    "extend": (ASSIGN, FIND, ORDER),
    "recheck": (ASSIGN, FIND, ORDER),
    "close": (ASSIGN, FIND, ORDER, RECHECK),
    "closed": (ASSIGN, CLOSE),
}


@pytest.fixture(scope="module")
def scene(city: City) -> Scene:
    made = Scene(city, PATH, {})
    things = {name: led(made, *way) for name, way in WAY.items()}
    things["of a report"] = from_a_report(city)
    return Scene(city, PATH, things)


def led(scene: Scene, *way: Step) -> Json:
    """An inspection that was opened by request and led on, step by step."""
    inspection: Json = scene.ask(OPEN).json["inspection"]
    for step in way:
        at_hand = Scene(scene.city, PATH, {step.what: inspection})
        inspection = at_hand.ask(step).json["inspection"]
    return inspection


def from_a_report(city: City) -> Json:
    """An inspection of what a grid worker has reported. What it leads to in grid is over."""
    door = city.people.office.vouching_for(*WORKER)
    reported = report(type=HYGIENE, enterpriseCode=ENTERPRISE)
    incident = city.gateway.post("/v1/incidents", {"report": reported}, door=door).body["incident"]
    city.dispatch(incident)

    def accepted() -> bool:
        answer = city.gateway.get(f"/v1/incidents/{incident['incidentId']}", door=city.people.seat(COUNTY))
        return bool(answer.body["incident"]["state"] == "INCIDENT_STATE_ACCEPTED")

    wait_for("the inspection has accepted the incident", accepted)
    query = {"incidentId": incident["incidentId"]}
    (found,) = city.gateway.get(PATH, query, door=city.people.officer(f"{COUNTY}-SCJG")).body["inspections"]
    return dict(found)


def on(step: Step, how: str, status: int, reason: str, **more: Any) -> Refused:
    return refused_on(step, SERVICE, how, status, reason, **more)


def unfit(step: Step, how: str, fields: Mapping[str, str], **more: Any) -> Refused:
    return on(step, how, 400, "INVALID_ARGUMENT", fields=fields, **more)


def officers(how: str, fields: Mapping[str, str], *people: tuple[str, str], thing: str = "") -> Refused:
    """These people are named, and may not."""

    def ask(scene: Scene) -> Any:
        return scene.ask(ASSIGN, thing=thing, **named(*people)(scene))

    return Refused(f"assign: {how}", ask, 400, "INVALID_ARGUMENT", fields, SERVICE)


CALLERS = [
    *(row for step in STEPS for row in wrong_callers(step, SERVICE)),
    *(on(step, "of another county", 404, "INSPECTION_NOT_FOUND", by=foreigner) for step in STEPS if step.on_a_thing),
    on(ASSIGN, "by another department", 403, "NOT_THE_HOLDER", by=neighbour),
    *(on(step, "by another department", 403, "NOT_AN_OFFICER_HERE", by=neighbour)
      for step in (FIND, ORDER, EXTEND, RECHECK, CLOSE)),
    *(on(step, "by an officer who was not named", 403, "NOT_AN_OFFICER_HERE", by=not_named)
      for step in (FIND, ORDER, EXTEND, RECHECK, CLOSE)),
]  # fmt: skip

STATES = [
    *(stale(step, SERVICE) for step in STEPS if step.command),
    *(on(step, f"when it stands ready to {state}", 400, "WRONG_STATE", thing=state)
      for step, states in (
          (ASSIGN, ("closed",)),
          (FIND, ("assign", "recheck", "close", "closed")),
          (ORDER, ("assign", "recheck", "close", "closed")),
          (EXTEND, ("assign", "find", "order", "close", "closed")),
          (RECHECK, ("assign", "order", "close", "closed")),
          (CLOSE, ("assign", "closed")),
      )
      for state in states),
    on(CLOSE, "what was found is not rectified", 400, "NOT_RECTIFIED", thing="order"),
    on(CLOSE, "what was ordered is not checked again", 400, "NOT_RECTIFIED", thing="recheck"),
    on(ORDER, "nothing was found", 400, "NOTHING_TO_RECTIFY", thing="find"),
]  # fmt: skip

RULES = [
    unfit(OPEN, "in another county", {"region": "REGION_UNKNOWN"}, region=VILLAGE_ELSEWHERE),
    unfit(OPEN, "nowhere and of nobody", {"region": "REQUIRED", "enterprise_code": "REQUIRED"},
          region="", enterpriseCode=""),
    unfit(OPEN, "a whole county", {"region": "PATTERN"}, region=COUNTY),
    officers("one alone", {"officers": "TOO_FEW_OFFICERS"}, OWN),
    officers("the same twice", {"officers[2]": "NAMED_TWICE"}, OWN, SECOND, OWN),
    officers("one, twice", {"officers": "TOO_FEW_OFFICERS", "officers[1]": "NAMED_TWICE"}, OWN, OWN),
    officers("of another department", {"officers[1]": "NOT_A_LICENSED_OFFICER"}, OWN, OF_CGJ),
    officers("lent to us no more", {"officers[0]": "NOT_A_LICENSED_OFFICER"}, LENT_NO_MORE, OWN),
    officers("a grid worker", {"officers[1]": "GRID_WORKER_MAY_NOT_INSPECT NOT_A_LICENSED_OFFICER"}, OWN, WORKER),
    officers(
        "who reported it, a grid worker",
        {"officers[2]": "REPORTER_MAY_NOT_INSPECT GRID_WORKER_MAY_NOT_INSPECT NOT_A_LICENSED_OFFICER"},
        OWN, SECOND, WORKER, thing="of a report",
    ),
    unfit(ASSIGN, "somebody unknown", {f"officers[{place}]": "NOT_A_LICENSED_OFFICER" for place in (0, 1)},
          officers=[str(uuid.uuid4()), str(uuid.uuid4())]),
    unfit(FIND, "an item that is not published", {"item_code": "ITEM_UNKNOWN"}, itemCode="FOOD-99"),
    unfit(FIND, "less grave than the item is", {"gravity": "GRAVITY_TOO_LOW"}, gravity="GRAVITY_MINOR"),
    unfit(FIND, "nothing said", {"item_code": "REQUIRED", "gravity": "REQUIRED"},
          itemCode="", gravity="GRAVITY_UNSPECIFIED"),
    unfit(ORDER, "until yesterday", {"rectify_by": "DATE_UNFIT"}, rectifyBy=in_days(-1)),
    unfit(ORDER, "until the day after the 90th", {"rectify_by": "DATE_UNFIT"}, rectifyBy=in_days(91)),
    unfit(EXTEND, "to a date before the one that runs", {"rectify_by": "DATE_UNFIT"}, rectifyBy=in_days(1)),
    unfit(EXTEND, "until the day after the 90th", {"rectify_by": "DATE_UNFIT"}, rectifyBy=in_days(91)),
    unfit(ORDER, "without end", {"rectify_by": "REQUIRED"}, rectifyBy=None),
    unfit(RECHECK, "passed, with a new date", {"rectify_by": "DATE_UNFIT"}, rectifyBy=in_days(7)),
    unfit(RECHECK, "not passed, without a new date", {"rectify_by": "DATE_UNFIT"}, passed=False),
    unfit(RECHECK, "not passed, until yesterday", {"rectify_by": "DATE_UNFIT"}, passed=False, rectifyBy=in_days(-1)),
]  # fmt: skip


@pytest.mark.parametrize("row", [*CALLERS, *STATES, *RULES], ids=lambda row: row.what)
def test_is_refused_and_changes_nothing(scene: Scene, row: Refused) -> None:
    assert_without_effect(scene.city, SERVICE, scene, row)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.what)
def test_with_nothing_wrong_the_step_is_taken(scene: Scene, step: Step) -> None:
    assert scene.ask(step).status == 200
