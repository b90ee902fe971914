"""The steps that people take with an incident of the chain, refused: a row per wrong caller, department and version.

What else can be wrong with a report and in which states an incident is not led on is in `test_refusals`. Each step has
an incident of its own that stands ready for it; the last test takes the steps, so that no row is refused for another
reason than the one it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.city import COUNTY_ELSEWHERE, City, Json, report
from tests.e2e.refusing import (
    CITIZEN,
    Refused,
    Scene,
    Step,
    another_citizen,
    assert_without_effect,
    citizen,
    coordinator_of,
    officer_of,
    refused_on,
    seat,
    seat_elsewhere,
    stale,
    wrong_callers,
)

SERVICE, PATH = "grid", "/v1/incidents"
officer, foreigner = officer_of("CGJ"), officer_of("CGJ", COUNTY_ELSEWHERE)

FILE = Step("file", "", citizen, lambda _: {"report": report()}, on_a_thing=False, level=False)
GET = Step("get", "", citizen, takes_version=False, reads=True, level=False)
LIST = Step("list", "", citizen, on_a_thing=False, reads=True, level=False)
DISPATCH = Step("dispatch", "dispatch", seat)
ACCEPT = Step("accept", "accept", officer)
RETURN = Step("return", "return", officer, lambda _: {"reason": "RETURN_REASON_UNCLEAR"})
HANDLE = Step("handle", "reportHandled", officer)
VERIFY = Step("verify", "verify", seat, lambda _: {"passed": True})
CLOSE = Step("close", "close", seat, lambda _: {"outcome": "CLOSING_OUTCOME_HANDLED"})
REOPEN = Step("reopen", "reopen", citizen, level=False)
BY_CENTRE, BY_DEPARTMENT = (DISPATCH, VERIFY, CLOSE), (ACCEPT, RETURN, HANDLE)
STEPS = (FILE, GET, LIST, *BY_CENTRE, *BY_DEPARTMENT, REOPEN)

WAY: Mapping[str, tuple[Step, ...]] = {
    "get": (),
    "dispatch": (),
    "accept": (DISPATCH,),
    "return": (DISPATCH,),
    "handle": (DISPATCH, ACCEPT),
    "verify": (DISPATCH, ACCEPT, HANDLE),
    "close": (DISPATCH, ACCEPT, HANDLE, VERIFY),
    "reopen": (DISPATCH, ACCEPT, HANDLE, VERIFY, CLOSE),
}


@pytest.fixture(scope="module")
def scene(city: City) -> Scene:
    made = Scene(city, PATH, {})
    return Scene(city, PATH, {name: led(made, *way) for name, way in WAY.items()})


def led(scene: Scene, *way: Step) -> Json:
    """An incident that was filed and led on, step by step."""
    incident: Json = scene.ask(FILE).json["incident"]
    for step in way:
        incident = Scene(scene.city, PATH, {step.what: incident}).ask(step).json["incident"]
    return incident


def on(step: Step, how: str, status: int, reason: str, **more: Any) -> Refused:
    return refused_on(step, SERVICE, how, status, reason, **more)


ROWS = [
    *(row for step in STEPS for row in wrong_callers(step, SERVICE)),
    *(on(step, "by the centre of another county", 404, "INCIDENT_NOT_FOUND", by=seat_elsewhere)
      for step in (GET, *BY_CENTRE, REOPEN)),
    *(on(step, "by a department of another county", 404, "INCIDENT_NOT_FOUND", by=foreigner)
      for step in BY_DEPARTMENT),
    on(DISPATCH, "by the department in charge", 403, "NOT_THE_HOLDER", by=coordinator_of("CGJ")),
    *(on(step, "by the department in charge", 403, "SCOPE_MISSING", by=officer) for step in (VERIFY, CLOSE)),
    on(GET, "what somebody else reported, by a citizen", 404, "INCIDENT_NOT_FOUND", by=another_citizen),
    on(REOPEN, "what somebody else reported, by a citizen", 403, "NOT_THE_REPORTER", by=another_citizen),
    on(REOPEN, "by the centre that closed it", 403, "NOT_THE_REPORTER", by=seat),
    *(stale(step, SERVICE) for step in STEPS if step.command),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_is_refused_and_changes_nothing(scene: Scene, row: Refused) -> None:
    assert_without_effect(scene.city, SERVICE, scene, row)


def test_a_citizen_lists_what_they_reported_and_nothing_else(scene: Scene) -> None:
    theirs = scene.ask(FILE, another_citizen).json["incident"]["incidentId"]
    listed = scene.ask(LIST, another_citizen).json["incidents"]
    assert theirs in [each["incidentId"] for each in listed]
    assert {each["reporter"]["id"] for each in listed} == {CITIZEN}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.what)
def test_with_nothing_wrong_the_step_is_taken(scene: Scene, step: Step) -> None:
    assert scene.ask(step).status == 200
