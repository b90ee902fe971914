"""The sheets of routing rules: read whole, or every fault named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.grid.domain.calendars import WorkingTime
from services.grid.domain.catalogue import Urgency
from services.grid.domain.departments import ANY, Departments
from services.grid.domain.moments import When
from services.grid.domain.routing import RoutingRule
from services.grid.load import read
from services.grid.wire.routing_sheets import CAPACITIES, RULES, read_routing, routing_sheets_of
from services.kernel import texts
from services.kernel.sheets import Sheets
from services.kernel.worktime.calendars import DayName

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"
COLUMNS = "rule,standard,kind,code_prefix,region_prefix,days,start,end,off_duty,departments,reason\n"
WORKING = WorkingTime(True, frozenset({"CGJ"}))


def faults(
    rules: str,
    capacities: str = "department,capacity\nCGJ,20\n",
    working: WorkingTime = WORKING,
    departments: Departments = ANY,
) -> list[tuple[str, int, str, str]]:
    sheets = Sheets({RULES: (COLUMNS + rules).encode(), CAPACITIES: capacities.encode()})
    read_routing(sheets, working, departments)
    return [(each.file.partition(".")[0], each.line, each.column, each.rule) for each in sheets.faults]


def test_a_rule_says_who_may_take_what_where_and_when() -> None:
    line = "12,,event,06010,371103,holidays; weekends,18:00,08:30,CGJ,CGJ;371100-DSJ,夜间\n"
    sheets = Sheets(
        {RULES: (COLUMNS + line).encode(), CAPACITIES: b"department,capacity\nCGJ,20\n371100-DSJ,5\n"}
    )  # fmt: skip
    routing = read_routing(sheets, WORKING)
    sheets.demand_right()
    when = When((DayName.WEEKENDS, DayName.HOLIDAYS), 18 * 60, 8 * 60 + 30, "CGJ")
    assert routing.rules == (
        RoutingRule(12, "", "event", "06010", "371103", ("CGJ", "371100-DSJ"), when, "夜间"),
    )  # fmt: skip
    assert (routing.capacity("371103-CGJ"), routing.capacity("371100-DSJ")) == (20, 5)


@pytest.mark.parametrize(
    ("line", "column", "rule"),
    [
        ("0,,,,,,,,,CGJ,", "rule", "sheet_whole"),
        ("1,,nothing,,,,,,,CGJ,", "kind", "sheet_kind"),
        ("1,,,060,,,,,,CGJ,", "code_prefix", "sheet_code_prefix"),
        ("1,,,,37110,,,,,CGJ,", "region_prefix", "sheet_region"),
        ("1,,,,,workday,,,,CGJ,", "days", "sheet_day_names"),
        ("1,,,,,,8:30,18:00,,CGJ,", "start", "sheet_time"),
        ("1,,,,,,08:30,,,CGJ,", "end", "sheet_times_both"),
        ("1,,,,,,08:30,08:30,,CGJ,", "end", "sheet_times_equal"),
        ("1,,,,,,,,cgj,CGJ,", "off_duty", "sheet_department"),
        ("1,,,,,,,,SCJG,CGJ,", "off_duty", "sheet_no_shifts"),
        ("1,,,,,,,,,,", "departments", "sheet_departments"),
        ("1,,,,,,,,,CGJ;CGJ,", "departments", "sheet_department_twice"),
        ("1,,,,,,,,,CGJ;YJJ,", "departments", "sheet_no_capacity"),
        ("1,,,,,,,,,371102-CGJ,", "departments", "sheet_department_elsewhere"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line_and_column(line: str, column: str, rule: str) -> None:
    assert faults(line + "\n") == [("routing_rules", 2, column, rule)]
    assert all(texts.text(rule, language) for language in texts.LANGUAGES)


def test_all_faults_come_at_once_and_what_stands_twice_is_one() -> None:
    lines = "1,,,06,,,,,,CGJ,\n1,,,07,,,,,,CGJ,\n2,,,06,,,,,,GAJ,\nx,,,,,,,,,CGJ,\n"
    assert faults(lines, "department,capacity\nCGJ,0\n") == [
        ("capacities", 2, "capacity", "sheet_whole"),
        ("routing_rules", 5, "rule", "sheet_whole"),
        ("routing_rules", 3, "rule", "sheet_not_unique"),
        ("routing_rules", 4, "standard, kind, code_prefix, region_prefix, days, start, end, off_duty",
         "sheet_not_unique"),
    ]  # fmt: skip


def test_times_in_the_calendars_terms_need_the_calendar() -> None:
    assert faults("1,,,,,holidays,,,,CGJ,\n", working=WorkingTime(False, frozenset())) == [
        ("routing_rules", 2, "days", "sheet_no_days")
    ]


def test_no_other_sheets_are_taken() -> None:
    sheets = routing_sheets_of([("stages.csv", b""), (RULES, b""), (RULES, b"")])
    assert [(each.file, each.rule) for each in sheets.faults] == [
        (RULES, "sheet_twice"), ("stages.csv", "sheet_routing_unknown"),
    ]  # fmt: skip


def test_the_sample_city_has_rules_for_types_and_departments_that_it_has() -> None:
    data = read(SAMPLE)
    assert data.routing is not None
    codes = {each.key.code for each in data.catalogue.types}
    assert {each.code_prefix for each in data.routing.rules} <= codes
    known = {each.department_suffix for each in data.catalogue.rules}
    assert {name for each in data.routing.rules for name in each.departments} <= known


def test_a_rule_may_say_how_urgent_what_it_sends_is() -> None:
    header = COLUMNS.replace(",reason", ",reason,urgency")
    said = [
        read_routing(Sheets({RULES: f"{header}1,,,,,,,,,CGJ,,{text}\n".encode()}), WORKING).rules[0].urgency
        for text in ("", "very_urgent")
    ]
    assert said == [None, Urgency.VERY_URGENT]
    sheets = Sheets({RULES: f"{header}1,,,,,,,,,CGJ,,soon\n".encode()})
    read_routing(sheets, WORKING)
    assert [(each.column, each.rule) for each in sheets.faults] == [("urgency", "sheet_urgency")]


def test_every_department_that_a_rule_names_is_there() -> None:
    there = Departments(frozenset({"371102-CGJ", "371102001-ZFD", "371100-DSJ"}))
    rules = "1,,,,371102,,,,,CGJ,\n2,,,,371103,,,,,CGJ,\n3,,,,,,,,,DSJ,\n4,,,,371102001,,,,,371102001-ZFD,\n"
    rules += "5,,event,,371102,,,,371102-SCJG,371100-DSJ,\n6,,event,,371102001001,,,,,CGJ,\n"
    working, capacities = WorkingTime(True, frozenset({"CGJ", "SCJG"})), "department,capacity\nCGJ,20\nNOBODY,1\n"
    assert faults(rules, capacities, working, there) == [
        ("capacities", 3, "department", "sheet_department_unknown"),
        ("routing_rules", 3, "departments", "sheet_department_unknown"),
        ("routing_rules", 4, "departments", "sheet_department_unknown"),
        ("routing_rules", 6, "off_duty", "sheet_department_unknown"),
    ]
