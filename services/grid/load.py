"""Load the reference data of grid: `python -m services.grid.load <folder>`.

The folder is the whole truth. A type or unit grid that it no longer has is retired, a rule or a centre is gone. Working
days alone are kept for years that it says nothing of, and shifts where it has no sheet of them: clocks of old are
explained by them. The net is `net.geojson` or `net.geojson.gz`, its villages are in `regions.csv`; without a net there
are no grids.
Either all of it is loaded, in one transaction, or nothing and every fault is named. Loading it again changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from services.chassis import load
from services.grid.domain.calendars import EVERYBODY
from services.grid.domain.net import UnitGrid
from services.grid.domain.reference import DispatchRule, IncidentKind, IncidentType, TypeKey
from services.grid.geometry.net import find, read_net
from services.grid.load_calendars import SHIFTS, CalendarSheets, read_calendars
from services.grid.store.calendars import replace_calendars
from services.grid.store.net import replace_net
from services.grid.store.reference import replace_centres, replace_rules, replace_types
from services.grid.usecases import CLOCK
from services.kernel import regions
from services.kernel.sheets import Line, Reader, Sheets, matching, whole, words
from services.kernel.worktime.terms import Unit


def _kind(text: str) -> IncidentKind:
    if text not in tuple(IncidentKind):
        raise ValueError("must be component or event")
    return IncidentKind(text)


def _unit(text: str) -> Unit:
    if text and text.upper() not in tuple(Unit):
        raise ValueError("must be clock_hour, working_hour, working_day or empty, which is clock_hour")
    return Unit(text.upper() or Unit.CLOCK_HOUR)


def _region_prefix(text: str) -> str:
    if text and not regions.is_code(text):
        raise ValueError("must be a region code or empty")
    return regions.scope_prefix(text) if text else ""


def _region(text: str) -> str:
    if not regions.is_code(text):
        raise ValueError("must be a region code")
    return text


TYPE_COLUMNS: Mapping[str, Reader] = {
    "standard": words(40),
    "kind": _kind,
    "category": words(40),
    "code": matching("[0-9]{5}", "must be five digits"),
    "name": words(80),
    "name_en": words(120, empty=True),
}
RULE_COLUMNS: Mapping[str, Reader] = {
    "standard": words(40, empty=True),
    "kind": lambda text: _kind(text).value if text else "",
    "code_prefix": matching("([0-9]{2}([0-9]{3})?)?", "must be a category (2 digits), a type (5 digits) or empty"),
    "region_prefix": _region_prefix,
    "department": matching("[A-Z]{2,8}", "must be the 2 to 8 capitals that end a department code"),
    "hours": whole(1, 24 * 366),
    "reason": words(200, empty=True),
}
REGION_COLUMNS: Mapping[str, Reader] = {"code": _region}
RULE_OPTIONS: Mapping[str, Reader] = {"unit": _unit}
CENTRE_COLUMNS: Mapping[str, Reader] = {
    "region": matching("[1-9][0-9]{5}", "must be the six digits of a county"),
    "department": matching("[1-9][0-9]{5}-[A-Z]{2,8}", "must be a department code such as 371102-ZHZX"),
}


class ReferenceData(NamedTuple):
    """What the folder holds. `centres`: department code by county."""

    types: list[IncidentType]
    rules: list[DispatchRule]
    centres: dict[str, str]
    grids: list[UnitGrid]
    calendars: CalendarSheets


def read(folder: Path) -> ReferenceData:
    """Read and check all sheets. Raises SheetFaults with everything that is wrong."""
    sheets = Sheets(folder)
    types = _types(sheets)
    calendars = read_calendars(sheets)
    rules = _rules(sheets, [each.key for each in types], calendars)
    data = ReferenceData(types, rules, _centres(sheets), _grids(folder, sheets), calendars)
    sheets.demand_right()
    return data


def save(connection: sa.Connection, data: ReferenceData) -> None:
    """Make this the reference data; the caller commits."""
    replace_types(connection, data.types)
    replace_rules(connection, data.rules)
    replace_centres(connection, data.centres)
    replace_net(connection, data.grids)
    replace_calendars(connection, *data.calendars, timer=CLOCK)


def _types(sheets: Sheets) -> list[IncidentType]:
    lines = sheets.read("incident_types.csv", TYPE_COLUMNS)
    sheets.demand_unique(lines, "standard", "kind", "code")
    return [_type(**line.values) for line in lines]


def _type(*, standard: str, kind: IncidentKind, category: str, code: str, name: str, name_en: str) -> IncidentType:
    local = not standard.startswith("GB")
    return IncidentType(TypeKey(standard, kind, code), category, name, name_en, local)


def _rules(sheets: Sheets, keys: list[TypeKey], calendars: CalendarSheets) -> list[DispatchRule]:
    lines = sheets.read("dispatch_rules.csv", RULE_COLUMNS, RULE_OPTIONS)
    sheets.demand_unique(lines, "standard", "kind", "code_prefix", "region_prefix")
    rules = []
    for line in lines:
        rule = _rule(line.values)
        if not any(rule.matches(key, rule.region_prefix) for key in keys):
            sheets.fault(line, "standard, kind, code_prefix", "names no incident type of the catalogue")
        _demand_calendar(sheets, line, rule, calendars)
        rules.append(rule)
    return rules


def _demand_calendar(sheets: Sheets, line: Line, rule: DispatchRule, calendars: CalendarSheets) -> None:
    """Working time of a department needs its shifts and the days that are worked."""
    if rule.unit is Unit.CLOCK_HOUR:
        return
    known = {name.partition("-")[2] or name for name in calendars.shifts or {}}
    if not known & {rule.department_suffix, EVERYBODY}:
        sheets.fault(line, "unit", f"{SHIFTS} says nothing of {rule.department_suffix}")
    if not calendars.years:
        sheets.fault(line, "unit", "there is no sheet of national days")


def _rule(values: Mapping[str, Any]) -> DispatchRule:
    return DispatchRule(
        standard=values["standard"],
        kind=values["kind"],
        code_prefix=values["code_prefix"],
        region_prefix=values["region_prefix"],
        department_suffix=values["department"],
        handle_within_hours=values["hours"],
        reason=values["reason"],
        unit=values.get("unit", Unit.CLOCK_HOUR),
    )


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
        sheets.note(path.name, str(fault))
    return grids


def main(arguments: list[str]) -> int:
    """Load the folder named; 1 when its sheets are not right, 2 when the folder or the database is not named."""
    return load.main("grid", arguments, read=read, save=save, counts=counts)


def counts(data: ReferenceData) -> str:
    """What was loaded, for whoever loads it."""
    years = ", ".join(map(str, data.calendars.years)) or "none"
    return (
        f"{len(data.types)} incident types, {len(data.rules)} dispatch rules, {len(data.centres)} centres,"
        f" {len(data.grids)} unit grids, working days of {years}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
