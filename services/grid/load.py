"""Load the reference data of grid: `python -m services.grid.load <folder>`.

The folder is the whole truth. A type, rule or unit grid that it no longer has is retired, a centre is gone; types,
rules, stages and mappings of codes are a new version of the catalogue from now on, unless they are those in force.
Working days alone are kept for years that it says nothing of, and shifts where it has no sheet of them: clocks of old
are explained by them. Routing rules stay, too, where it has no sheet of them. The net is `net.geojson` or
`net.geojson.gz`, its villages are in `regions.csv`; without a net there are no grids.
Either all of it is loaded, in one transaction, or nothing and every fault is named. Loading it again changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from services.chassis import load
from services.grid.domain.calendars import WorkingTime
from services.grid.domain.catalogue import Catalogue
from services.grid.domain.net import UnitGrid
from services.grid.domain.routing import Routing
from services.grid.geometry.net import find, read_net
from services.grid.load_calendars import CalendarSheets, read_calendars
from services.grid.store.calendars import replace_calendars
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.net import replace_net
from services.grid.store.reference import replace_centres
from services.grid.store.routing import RoutingStore
from services.grid.usecases import CLOCK, take_version
from services.grid.wire.catalogue_sheets import read_catalogue
from services.grid.wire.routing_sheets import RULES as ROUTING
from services.grid.wire.routing_sheets import read_routing
from services.kernel import regions, texts
from services.kernel.clock import SystemClock
from services.kernel.sheets import Broken, Reader, Sheets, matching

texts.register(
    {
        "sheet_no_region": ("须为行政区划代码。", "must be a region code"),
        "sheet_county": ("须为县（区）的 6 位代码。", "must be the six digits of a county"),
        "sheet_centre": (
            "须为 371102-ZHZX 这样的部门代码。",
            "must be a department code such as 371102-ZHZX",
        ),
    }
)


def _region(text: str) -> str:
    if not regions.is_code(text):
        raise Broken("sheet_no_region")
    return text


REGION_COLUMNS: Mapping[str, Reader] = {"code": _region}
CENTRE_COLUMNS: Mapping[str, Reader] = {
    "region": matching("[1-9][0-9]{5}", "sheet_county"),
    "department": matching("[1-9][0-9]{5}-[A-Z]{2,8}", "sheet_centre"),
}


class ReferenceData(NamedTuple):
    """What the folder holds. `centres`: department code by county."""

    catalogue: Catalogue
    centres: dict[str, str]
    grids: list[UnitGrid]
    calendars: CalendarSheets
    routing: Routing | None
    """None where the folder says nothing of it."""


def read(folder: Path) -> ReferenceData:
    """Read and check all sheets. Raises SheetFaults with everything that is wrong."""
    sheets = Sheets(folder)
    calendars = read_calendars(sheets)
    working = WorkingTime(bool(calendars.years), frozenset(calendars.shifts or ()))
    catalogue = read_catalogue(sheets, working)
    routing = read_routing(sheets, working) if sheets.files(ROUTING) else None
    data = ReferenceData(catalogue, _centres(sheets), _grids(folder, sheets), calendars, routing)
    sheets.demand_right()
    return data


def save(connection: sa.Connection, data: ReferenceData) -> None:
    """Make this the reference data; the caller commits."""
    now = SystemClock().now()
    take_version(CatalogueStore(connection), data.catalogue, effective_from=None, now=now)
    replace_centres(connection, data.centres)
    replace_net(connection, data.grids)
    replace_calendars(connection, *data.calendars, timer=CLOCK)
    if data.routing is not None:
        take_version(RoutingStore(connection), data.routing, effective_from=None, now=now)


def _centres(sheets: Sheets) -> dict[str, str]:
    lines = sheets.read("centres.csv", CENTRE_COLUMNS)
    sheets.demand_unique(lines, "region")
    return {line.values["region"]: line.values["department"] for line in lines}


def _grids(folder: Path, sheets: Sheets) -> list[UnitGrid]:
    path = find(folder)
    if path is None:
        return []
    lines = sheets.read("regions.csv", REGION_COLUMNS)
    grids, faults = read_net(path, {line.values["code"] for line in lines})
    for fault in faults:
        sheets.note(path.name, Broken(fault.rule, **fault.params), place=fault.at)
    return grids


def main(arguments: list[str]) -> int:
    """Load the folder named; 1 when its sheets are not right, 2 when the folder or the database is not named."""
    return load.main("grid", arguments, read=read, save=save, counts=counts)


def counts(data: ReferenceData) -> str:
    """What was loaded, for whoever loads it."""
    years = ", ".join(map(str, data.calendars.years)) or "none"
    return (
        f"{len(data.catalogue.types)} incident types, {len(data.catalogue.rules)} dispatch rules,"
        f" {len(data.routing.rules) if data.routing else 0} routing rules,"
        f" {len(data.catalogue.stages)} stages, {len(data.catalogue.mappings)} code mappings,"
        f" {len(data.centres)} centres, {len(data.grids)} unit grids, working days of {years}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
