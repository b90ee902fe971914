"""Pictures of the console for the README: `python -m tests.browser.screens`, or `make screens`, beside `make run`.

Plays the demo on the stack that runs, begins other cases, signs in, and writes `find.png`, `case.png` and `health.png`
into `docs/screens`. Chinese names want a font of the machine that has them; without one they show as boxes. Exit code
1: why not, in a sentence.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from deploy.local import demo
from deploy.local.client import ApiError, Gateway, Unreachable
from deploy.local.errors import StackError
from deploy.local.people import People
from deploy.local.places import ROOT
from deploy.local.stackfile import Stack, stack
from tests.browser import driving
from tests.browser.install import BrowserError, chromium
from tests.browser.operators import signed_in
from tests.waiting import wait_for

FOLDER = ROOT / "docs" / "screens"
COUNTY, VILLAGE = "371102", "371102001001"
DEMO = ("90001", VILLAGE)
TYPE = {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT"}
KINDS = ("06010", "06011", "06017", "06010", "06042")
WIDTH, HEIGHT = 1280, 860
# The step whose way through the services is shown.
STEP = "egov.grid.v1.IncidentAccepted"


def under_way(gateway: Gateway, people: People) -> str:
    """Reports of which each went less far than the one before; the number of the first, which is being handled."""
    numbers = [moved(gateway, people, kind, steps) for steps, kind in zip((2, 1, 1, 0, 0), KINDS, strict=True)]
    return numbers[0]


def moved(gateway: Gateway, people: People, kind: str, steps: int) -> str:
    """File a report and lead its case so many steps: dispatched, accepted. Its number."""
    report = {"type": TYPE | {"code": kind}, "region": VILLAGE, "description": "For a picture"}
    incident = gateway.post("/v1/incidents", {"report": report}, door=people.citizens).body["incident"]
    for command in ("dispatch", "accept")[:steps]:
        by = people.seat(COUNTY) if command == "dispatch" else people.officer(incident["holderDepartment"])
        path = f"/v1/incidents/{incident['incidentId']}:{command}"
        incident = gateway.post(path, {"version": incident["version"]}, door=by).body["incident"]
    return str(incident["caseNumber"])


def played(where: Stack) -> dict[str, Any]:
    """Play the demo and begin other cases; the one that is being handled, as the case trace tells it."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        complete = demo.run(where, *DEMO)
    if not complete:
        raise StackError(f"The demo did not come to its end:\n{said.getvalue()}")
    with contextlib.closing(Gateway(where.gateway, where.trust)) as gateway:
        people = People(gateway, where)
        number = under_way(gateway, people)

        def told() -> dict[str, Any]:
            """Once it is accepted, and whoever is told of that has been."""
            answer = gateway.get(f"/v1/cases/{number}", door=people.operator()).body
            step = next((event for event in answer["events"] if event["type"] == STEP), None)
            return answer if step is not None and step["effects"] and not step["notMet"] else {}

        return wait_for("the case that is being handled", told)


def places(case: dict[str, Any]) -> dict[str, str]:
    """What is shown, by the name of its picture."""
    number = case["case"]["caseNumber"]
    step = next(event["eventId"] for event in case["events"] if event["type"] == STEP)
    return {"find": "", "case": f"cases/{number}?event={step}", "health": "health"}


def shoot(browser: Browser, where: Stack, into: Path, language: str) -> list[Path]:
    """Take the pictures into a folder. Raises ApiError, StackError, Unreachable."""
    shown = places(played(where))
    with signed_in(browser, where, language=language, width=WIDTH, height=HEIGHT) as (page, _):
        return [taken(page, place, into / f"{name}.png") for name, place in shown.items()]


def taken(page: Page, place: str, file: Path) -> Path:
    """A picture of a page as it first shows."""
    page.goto(f"/console/{place}")
    page.screenshot(path=file)
    return file


def main() -> int:
    """Take the pictures of the stack that runs."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screens", description="Pictures of the console.")
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder of the pictures (docs/screens)")
    parser.add_argument("--language", default="en", choices=["en", "zh-CN"], help="of the pages (en)")
    asked = parser.parse_args()
    asked.into.mkdir(parents=True, exist_ok=True)
    try:
        where = stack()
        program = chromium(ROOT / ".run" / "cache", print)
        pin = driving.pin(where.gateway, where.trust)
        with driving.driver() as driver, driving.browser(driver, program, pin) as browser:
            for file in shoot(browser, where, asked.into, asked.language):
                print(f"{file}: {file.stat().st_size // 1000} kB")
    except (ApiError, BrowserError, StackError, Unreachable, OSError) as stop:
        print(stop, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
