"""The sheets of routing rules: CSV to the domain, with every fault of both at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.grid.domain.calendars import WorkingTime
from services.grid.domain.departments import ANY, Departments
from services.grid.domain.moments import MIDNIGHT, When
from services.grid.domain.routing import Routing, RoutingRule
from services.grid.wire import cells
from services.grid.wire.versions import sent_sheets
from services.kernel import regions, texts
from services.kernel.sheets import Broken, Cells, Line, Reader, Sheets, matching, whole, words
from services.kernel.worktime.calendars import DayName

RULES, CAPACITIES = "routing_rules.csv", "capacities.csv"
NAMES = (RULES, CAPACITIES)
MOST_RULES, MOST_DEPARTMENTS = 9_999, 20

texts.register(
    {
        "sheet_departments": (
            "须为 1 至 {most} 个部门，以分号分隔：部门代码，或代码末尾的 2 至 8 个大写字母。",
            "must be 1 to {most} departments with semicolons between them: codes, or the capitals that end one",
        ),
        "sheet_department_twice": ("部门重复。", "names a department twice"),
        "sheet_department_elsewhere": (
            "部门 {department} 不负责该规则的全部区域。",
            "{department} does not work for all of the rule's region",
        ),
        "sheet_department": (
            "须为部门代码，或代码末尾的 2 至 8 个大写字母。",
            "must be a department code, or the 2 to 8 capitals that end one",
        ),
        "sheet_no_capacity": (
            "规则有多个部门时，{department} 须在 {sheet} 中有容量。",
            "of several departments each needs a capacity in {sheet}: {department} has none",
        ),
        "sheet_day_names": (
            "须为以分号分隔的 {known}，或留空。",
            "must be some of {known}, with semicolons between them, or empty",
        ),
        "sheet_time": ("须为 08:30 这样的时刻，或 24:00，或留空。", "must be a time such as 08:30, or 24:00, or empty"),
        "sheet_times_both": ("起止时刻须同时填写或同时留空。", "is needed where the other time is said"),
        "sheet_times_equal": ("起止时刻不得相同；全天请留空。", "is the start; for all day leave both empty"),
        "sheet_routing_unknown": (
            "不是派遣规则的文件；可用文件：{known}。",
            "is no sheet of routing rules; those are {known}",
        ),
    }
)  # fmt: skip

_TIME = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DEPARTMENT = re.compile("([1-9][0-9]{5,14}-)?[A-Z]{2,8}")


def _departments(text: str) -> tuple[str, ...]:
    named = tuple(each.strip() for each in text.split(";"))
    if not 1 <= len(named) <= MOST_DEPARTMENTS or not all(map(_DEPARTMENT.fullmatch, named)):
        raise Broken("sheet_departments", most=MOST_DEPARTMENTS)
    if len(set(named)) < len(named):
        raise Broken("sheet_department_twice")
    return named


def _days(text: str) -> tuple[DayName, ...]:
    named = {each.strip() for each in text.split(";")} if text else set()
    if not named <= set(DayName):
        raise Broken("sheet_day_names", known=", ".join(DayName))
    return tuple(each for each in DayName if each in named)


def _time(text: str) -> int | None:
    """Minutes after midnight."""
    if text and not _TIME.fullmatch(text):
        raise Broken("sheet_time")
    return int(text[:2]) * 60 + int(text[3:]) if text else None


RULE_COLUMNS: Mapping[str, Reader] = {
    "rule": whole(1, MOST_RULES),
    "standard": words(40, empty=True),
    "kind": cells.any_kind,
    "code_prefix": cells.CODE_PREFIX,
    "region_prefix": cells.region_prefix,
    "days": _days,
    "start": _time,
    "end": _time,
    "off_duty": matching(f"({_DEPARTMENT.pattern})?", "sheet_department"),
    "departments": _departments,
    "reason": words(200, empty=True),
}
RULE_OPTIONS: Mapping[str, Reader] = {
    "reason_en": words(300, empty=True),
    "automatic": cells.yes_no,
    "urgency": cells.any_urgency,
}
CAPACITY_COLUMNS: Mapping[str, Reader] = {
    "department": matching(_DEPARTMENT.pattern, "sheet_department"),
    "capacity": whole(1, 1_000_000),
}
_SCOPE = ("standard", "kind", "code_prefix", "region_prefix", "days", "start", "end", "off_duty")


def routing_sheets_of(sent: Iterable[tuple[str, bytes]]) -> Sheets:
    """What was sent, by name; that there are no others and none twice is noted."""
    return sent_sheets(sent, NAMES, "sheet_routing_unknown")


def read_routing(sheets: Sheets, working: WorkingTime, departments: Departments = ANY) -> Routing:
    """Read and check the rules, and the capacities if there. Faults are noted in `sheets`."""
    capacities = _capacities(sheets, departments) if sheets.files(CAPACITIES) else {}
    lines = sheets.read(RULES, RULE_COLUMNS, RULE_OPTIONS, together=_times_fit)
    sheets.demand_unique(lines, "rule")
    sheets.demand_unique(lines, *_SCOPE)
    for line in lines:
        _demand_departments(sheets, line, capacities)
        _demand_known(sheets, line, departments)
        _demand_calendar(sheets, line, working)
    return Routing(tuple(_rule(line.values) for line in lines), capacities)


def _capacities(sheets: Sheets, departments: Departments) -> dict[str, int]:
    lines = sheets.read(CAPACITIES, CAPACITY_COLUMNS)
    sheets.demand_unique(lines, "department")
    for line in lines:
        if not departments.serve(line.values["department"], ""):
            sheets.fault(
                line, "department", Broken("sheet_department_unknown", department=line.values["department"])
            )  # fmt: skip
    return {line.values["department"]: line.values["capacity"] for line in lines}


def _times_fit(said: Cells) -> Iterator[tuple[str, Broken]]:
    if bool(said["start"]) != bool(said["end"]):
        yield "end" if said["start"] else "start", Broken("sheet_times_both")
    elif said["start"] and said["start"] == said["end"]:
        yield "end", Broken("sheet_times_equal")


def _demand_departments(sheets: Sheets, line: Line, capacities: Mapping[str, int]) -> None:
    departments, region = line.values["departments"], line.values["region_prefix"]
    for each in (*departments, line.values["off_duty"]):
        place = each.partition("-")[0] if "-" in each else ""
        if place and not region.startswith(regions.scope_prefix(place)):
            column = "departments" if each in departments else "off_duty"
            sheets.fault(line, column, Broken("sheet_department_elsewhere", department=each))
    for each in departments if len(departments) > 1 else ():
        if each not in capacities and each.partition("-")[2] not in capacities:
            sheets.fault(line, "departments", Broken("sheet_no_capacity", department=each, sheet=CAPACITIES))


def _demand_known(sheets: Sheets, line: Line, departments: Departments) -> None:
    """What a rule names is on record in its region."""
    named, off_duty = line.values["departments"], line.values["off_duty"]
    for column, those in (("departments", named), ("off_duty", (off_duty,) if off_duty else ())):
        for each in those:
            if not departments.serve(each, line.values["region_prefix"]):
                sheets.fault(line, column, Broken("sheet_department_unknown", department=each))


def _demand_calendar(sheets: Sheets, line: Line, working: WorkingTime) -> None:
    """A time in the calendar's terms needs the calendar."""
    off_duty = line.values["off_duty"]
    if off_duty and working.lacks(off_duty.partition("-")[2] or off_duty):
        sheets.fault(line, "off_duty", Broken("sheet_no_shifts", department=off_duty))
    if (line.values["days"] or off_duty) and not working.years:
        sheets.fault(line, "days" if line.values["days"] else "off_duty", Broken("sheet_no_days"))


def _rule(values: Mapping[str, Any]) -> RoutingRule:
    all_day = values["start"] is None
    begin, end = (0, MIDNIGHT) if all_day else (values["start"], values["end"])
    return RoutingRule(
        number=values["rule"],
        when=When(values["days"], begin, end, values["off_duty"]),
        reason_en=values.get("reason_en", ""),
        automatic=values.get("automatic", False),
        urgency=values.get("urgency"),
        **{name: values[name] for name in
           ("standard", "kind", "code_prefix", "region_prefix", "departments", "reason")},
    )  # fmt: skip
