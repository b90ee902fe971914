"""Pictures of the console for the README: `python -m tests.browser.screens`, or `make screens`, beside `make run`.

Plays the demo on the stack that runs, signs in, and writes `find.png`, `case.png` and `health.png` into `docs/screens`.
Chinese names want a font of the machine that has them; without one they show as boxes. Exit code 1: why not, in a
sentence.
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
DEMO = ("90001", "371102001001")
WIDTH, HEIGHT = 1280, 860
# The step whose way through the services is shown.
STEP = "egov.inspection.v1.InspectionClosed"
CLOSED = {"eventType": "egov.grid.v1.IncidentClosed", "page.pageSize": "1"}


def played(where: Stack) -> dict[str, Any]:
    """Play the demo; its case, as the case trace tells it once it is closed there."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        complete = demo.run(where, *DEMO)
    if not complete:
        raise StackError(f"The demo did not come to its end:\n{said.getvalue()}")
    with contextlib.closing(Gateway(where.gateway, where.trust)) as gateway:
        door = People(gateway, where).operator()

        def told() -> dict[str, Any]:
            (latest,) = gateway.get("/v1/cases", CLOSED, door=door).body["cases"]
            return latest if latest["caseNumber"] in said.getvalue() else {}

        number = wait_for("the demo's case", told)["caseNumber"]
        return gateway.get(f"/v1/cases/{number}", door=door).body


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
