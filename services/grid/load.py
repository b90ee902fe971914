"""Load the reference data of grid: `python -m services.grid.load <folder>`.

The folder is the whole truth. A type, rule or unit grid that it no longer has is retired, a centre or department is
gone: another centre takes over the open incidents of the one, those of the other go on. Every city has a centre. Types,
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
from services.grid.domain.departments import Departments
from services.grid.domain.net import UnitGrid
from services.grid.domain.routing import Routing
from services.grid.geometry.net import find, read_net
from services.grid.load_calendars import CalendarSheets, read_calendars
from services.grid.load_centres import read_centres, read_departments
from services.grid.store.calendars import replace_calendars
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.net import replace_net
from services.grid.store.reference import replace_centres, replace_departments
from services.grid.store.routing import RoutingStore
from services.grid.usecases import CLOCK, take_version
from services.grid.wire.catalogue_sheets import read_catalogue
from services.grid.wire.routing_sheets import RULES as ROUTING
from services.grid.wire.routing_sheets import read_routing
from services.kernel import regions, texts
from services.kernel.clock import SystemClock
from services.kernel.sheets import Broken, Reader, Sheets

texts.register({"sheet_no_region": ("须为行政区划代码。", "must be a region code")})


def _region(text: str) -> str:
    if not regions.is_code(text):
        raise Broken("sheet_no_region")
    return text


REGION_COLUMNS: Mapping[str, Reader] = {"code": _region}


class ReferenceData(NamedTuple):
    """What the folder holds. `centres`: department code of the grid centre by region."""

    catalogue: Catalogue
    departments: Departments
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
    departments = read_departments(sheets)
    catalogue = read_catalogue(sheets, working, departments)
    routing = read_routing(sheets, working, departments) if sheets.files(ROUTING) else None
    centres = read_centres(sheets, departments)
    data = ReferenceData(catalogue, departments, centres, _grids(folder, sheets), calendars, routing)
    sheets.demand_right()
    return data


def save(connection: sa.Connection, data: ReferenceData) -> None:
    """Make this the reference data; the caller commits."""
    now = SystemClock().now()
    take_version(CatalogueStore(connection), data.catalogue, effective_from=None, now=now)
    replace_departments(connection, data.departments)
    replace_centres(connection, data.centres)
    replace_net(connection, data.grids)
    replace_calendars(connection, *data.calendars, timer=CLOCK)
    if data.routing is not None:
        take_version(RoutingStore(connection), data.routing, effective_from=None, now=now)


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
        f" {len(data.departments.codes)} departments, {len(data.centres)} centres,"
        f" {len(data.grids)} unit grids, working days of {years}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
