"""What the demo has to know of the sample city's data: restaurants, and which reports are inspected."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.local.errors import StackError
from deploy.local.places import ROOT

SAMPLE = ROOT / "deploy/local/sample"
CATALOGUE = "GB/T 47678.5-2026"


@dataclass(frozen=True, slots=True)
class Restaurant:
    """An enterprise: unified social credit code, name, and e-mail address, empty if none is known."""

    code: str
    name: str
    email: str


def restaurant_in(county: str) -> Restaurant:
    """The first one of a county that can be written to, else the first. Raises StackError when there is none."""
    found = [row for row in _rows("enterprises") if row["region"] == county]
    if not found:
        raise StackError(f"No restaurant of the sample city lies in {county}: name a village of another county.")
    chosen = next((row for row in found if row["email"]), found[0])
    return Restaurant(chosen["number"], chosen["name"], chosen["email"])


def standard_of(code: str) -> str:
    """The standard that has an event type of this code; the national catalogue for one that nobody knows."""
    return next((row["standard"] for row in _events("incident_types") if row["code"] == code), CATALOGUE)


def inspectors_of(code: str) -> frozenset[str]:
    """Ends of the codes of the departments, such as `SCJG`, that inspect where such an incident is sent to them."""
    return frozenset(row["department"] for row in _events("inspected_types") if code.startswith(row["code_prefix"]))


def _events(sheet: str) -> Iterator[dict[str, str]]:
    return (row for row in _rows(sheet) if row["kind"] == "event")


def _rows(sheet: str) -> list[dict[str, str]]:
    with (SAMPLE / f"{sheet}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
