"""The sheets of a catalogue: CSV to the domain, with every fault of all of them at once.

The same sheets come with an operator's call and in the folder that the command loads.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from services.grid.domain.calendars import WorkingTime
from services.grid.domain.catalogue import Catalogue, CodeMapping, Counted, Stage
from services.grid.domain.departments import ANY, Departments
from services.grid.domain.reference import (
    CATEGORY,
    STANDARD_2013,
    DispatchRule,
    IncidentKind,
    IncidentType,
    TypeKey,
    code_length,
    is_local,
)
from services.grid.wire import cells
from services.grid.wire.versions import sent_sheets
from services.kernel.sheets import Broken, Cells, Line, Reader, Sheets, matching, whole, words
from services.kernel.worktime.terms import Limit, Unit

TYPES, RULES, STAGES, MAPPINGS = "incident_types.csv", "dispatch_rules.csv", "stages.csv", "code_mappings.csv"
NAMES = (TYPES, RULES, STAGES, MAPPINGS)

TYPE_COLUMNS: Mapping[str, Reader] = {
    "standard": cells.standard,
    "kind": cells.kind,
    "category": words(40),
    "code": str,
    "name": words(80),
    "name_en": words(120, empty=True),
}
TYPE_OPTIONS: Mapping[str, Reader] = {"public": cells.yes_no, "evidence": cells.evidence}
RULE_COLUMNS: Mapping[str, Reader] = {
    "standard": words(40, empty=True),
    "kind": cells.any_kind,
    "code_prefix": cells.CODE_PREFIX,
    "region_prefix": cells.region_prefix,
    "department": matching("[A-Z]{2,8}", "sheet_suffix"),
    "hours": whole(1, cells.LONGEST),
    "reason": words(200, empty=True),
}
RULE_OPTIONS: Mapping[str, Reader] = {"unit": cells.unit}
STAGE_COLUMNS: Mapping[str, Reader] = {
    "standard": words(40, empty=True),
    "kind": cells.any_kind,
    "code_prefix": cells.CODE_PREFIX,
    "urgency": cells.urgency,
    "position": whole(1, 20),
    "name": words(80),
    "limit": whole(1, cells.LONGEST),
    "unit": cells.unit,
    "done_when": words(200),
}
STAGE_OPTIONS: Mapping[str, Reader] = {
    "name_en": words(120, empty=True),
    "done_when_en": words(300, empty=True),
    "counted": cells.counted,
}
MAPPING_COLUMNS: Mapping[str, Reader] = {
    "former_standard": cells.standard,
    "former_kind": cells.kind,
    "former_code": str,
    "former_name": words(80),
    "standard": cells.standard,
    "kind": cells.kind,
    "code": str,
}
_CATEGORY = re.compile(f"[0-9]{{{CATEGORY}}}")
_GROUP = ("standard", "kind", "code_prefix", "urgency")


def sheets_of(sent: Iterable[tuple[str, bytes]]) -> Sheets:
    """What was sent, by name; that there are no others and none twice is noted."""
    return sent_sheets(sent, NAMES, "sheet_unknown")


def read_catalogue(sheets: Sheets, working: WorkingTime, departments: Departments = ANY) -> Catalogue:
    """Read and check the sheets of a catalogue; stages and mappings need not be there. Faults are noted in `sheets`.

    Where no type could be read, nothing is said of what names one.
    """
    types = _types(sheets)
    known = _keys_and_prefixes([each.key for each in types])
    rules = _rules(sheets, known, working, departments)
    stages = _stages(sheets, known, working, {rule.department_suffix for rule in rules}) if sheets.files(STAGES) else []
    mappings = _mappings(sheets, {each.key for each in types}) if sheets.files(MAPPINGS) else []
    return Catalogue(tuple(types), tuple(rules), tuple(stages), tuple(mappings))


def _types(sheets: Sheets) -> list[IncidentType]:
    lines = sheets.read(TYPES, TYPE_COLUMNS, TYPE_OPTIONS, together=_code_fits)
    sheets.demand_unique(lines, "standard", "kind", "code")
    return [_type(**line.values) for line in lines]


def _type(*, standard: str, kind: IncidentKind, code: str, **said: Any) -> IncidentType:
    return IncidentType(TypeKey(standard, kind, code), local=is_local(standard), **said)


def _code_fits(said: Cells, prefix: str = "") -> Iterator[tuple[str, Broken]]:
    length, code = code_length(said[f"{prefix}standard"]), said[f"{prefix}code"]
    if len(code) != length or not code.isascii() or not code.isdigit():
        yield f"{prefix}code", Broken("sheet_code", length=length)


def _keys_and_prefixes(keys: Iterable[TypeKey]) -> set[tuple[str, str, str]]:
    """What a rule or stage that names a type of these may say.

    A type of 2013 is named with its standard: its four digits begin the codes of other types.
    """
    return {
        (standard, kind, key.code[:length])
        for key in keys
        for standard in ("", key.standard)
        for kind in ("", key.kind.value)
        for length in (0, CATEGORY, len(key.code))
        if standard or length != code_length(STANDARD_2013)
    }


def _rules(
    sheets: Sheets, known: set[tuple[str, str, str]], working: WorkingTime, departments: Departments
) -> list[DispatchRule]:
    lines = sheets.read(RULES, RULE_COLUMNS, RULE_OPTIONS)
    sheets.demand_unique(lines, "standard", "kind", "code_prefix", "region_prefix")
    for line in lines:
        _demand_type(sheets, line, known)
        _demand_calendar(sheets, line, working, {line.values["department"]})
        if not departments.serve(line.values["department"], line.values["region_prefix"]):
            sheets.fault(
                line, "department", Broken("sheet_department_unknown", department=line.values["department"])
            )  # fmt: skip
    return [_rule(**line.values) for line in lines]


def _rule(*, department: str, hours: int, **said: Any) -> DispatchRule:
    return DispatchRule(department_suffix=department, handle_within_hours=hours, **said)


def _demand_type(sheets: Sheets, line: Line, known: set[tuple[str, str, str]]) -> None:
    values = line.values
    if known and (values["standard"], values["kind"], values["code_prefix"]) not in known:
        sheets.fault(line, "standard, kind, code_prefix", Broken("sheet_no_type"))


def _demand_calendar(sheets: Sheets, line: Line, working: WorkingTime, departments: Iterable[str]) -> None:
    """Working time of a department needs its shifts and the days that are worked."""
    if line.values.get("unit", Unit.CLOCK_HOUR) is Unit.CLOCK_HOUR:
        return
    for department in sorted(departments):
        if working.lacks(department):
            sheets.fault(line, "unit", Broken("sheet_no_shifts", department=department))
    if not working.years:
        sheets.fault(line, "unit", Broken("sheet_no_days"))


def _stages(
    sheets: Sheets, known: set[tuple[str, str, str]], working: WorkingTime, departments: set[str]
) -> list[Stage]:
    lines = sheets.read(STAGES, STAGE_COLUMNS, STAGE_OPTIONS)
    sheets.demand_unique(lines, *_GROUP, "position")
    for line in lines:
        _demand_type(sheets, line, known)
        _demand_calendar(sheets, line, working, departments)
    _demand_order(sheets, lines)
    return [_stage(**line.values) for line in lines]


def _stage(*, limit: int, unit: Unit, **said: Any) -> Stage:
    return Stage(limit=Limit(limit, unit), **said)


def _demand_order(sheets: Sheets, lines: Iterable[Line]) -> None:
    """Stages are counted without gaps, and none whose limit is of the whole ends before the one before it."""
    groups: dict[tuple[Any, ...], list[Line]] = defaultdict(list)
    for line in lines:
        groups[tuple(line.values[name] for name in _GROUP)].append(line)
    for group in groups.values():
        ordered = sorted(group, key=lambda line: line.values["position"])
        wanted = next((at for at, line in enumerate(ordered, 1) if line.values["position"] != at), None)
        if wanted:
            sheets.fault(ordered[wanted - 1], "position", Broken("sheet_position", wanted=wanted))
        for before, after in pairwise(line.values | {"line": line} for line in ordered):
            whole = after.get("counted", Counted.WHOLE) is Counted.WHOLE
            if whole and before["unit"] is after["unit"] and after["limit"] < before["limit"]:
                sheets.fault(after["line"], "limit", Broken("sheet_limit_shorter"))


def _mappings(sheets: Sheets, types: set[TypeKey]) -> list[CodeMapping]:
    lines = sheets.read(MAPPINGS, MAPPING_COLUMNS, together=_mapping_fits)
    sheets.demand_unique(lines, *(name for name in MAPPING_COLUMNS if name != "former_name"))
    mappings = [_mapping(line.values) for line in lines]
    known = types | {each.category for each in types}
    for line, mapping in zip(lines, mappings, strict=True):
        if types and mapping.latter not in known:
            sheets.fault(line, "standard, kind, code", Broken("sheet_no_type"))
    return mappings


def _mapping_fits(said: Cells) -> Iterator[tuple[str, Broken]]:
    """A type became a type, or a category a category."""
    if not all(_CATEGORY.fullmatch(said[name]) for name in ("former_code", "code")):
        yield from _code_fits(said, "former_")
        yield from _code_fits(said)
    if said["standard"] and said["standard"] == said["former_standard"]:
        yield "standard", Broken("sheet_same_standard")


def _mapping(values: Mapping[str, Any]) -> CodeMapping:
    former = TypeKey(values["former_standard"], values["former_kind"], values["former_code"])
    latter = TypeKey(values["standard"], values["kind"], values["code"])
    return CodeMapping(former, values["former_name"], latter)
