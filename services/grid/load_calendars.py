"""The sheets of working days and shifts; read by `services.grid.load` with the others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from services.grid.store.calendars import NationalDay
from services.kernel import texts
from services.kernel.sheets import Broken, Line, Reader, Sheets, matching, words
from services.kernel.worktime.calendars import MINUTES_OF_A_DAY, DayKind, DayName, Shifts, ShiftsWrong, Span

SHIFTS = "shifts.csv"
YEARS = "national_days_[0-9][0-9][0-9][0-9].csv"
_TIME = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_KINDS = {"holiday": DayKind.HOLIDAY, "make_up_day": DayKind.MAKE_UP_DAY}

texts.register(
    {
        "sheet_day": ("须为 2026-02-14 这样的日期。", "must be a day such as 2026-02-14"),
        "sheet_one_of": ("须为 {known} 之一。", "must be one of {known}"),
        "sheet_shift_time": ("须为 08:30 这样的时刻，或 24:00。", "must be a time such as 08:30, or 24:00"),
        "sheet_shift_department": (
            "须为部门代码、代码末尾的大写字母，或留空。",
            "must be a department code, the capitals that end one, or empty",
        ),
        "sheet_other_year": ("不是 {year} 年的日期。", "is no day of {year}"),
        "sheet_worked_anyway": (
            "不是周六或周日，本来就上班。",
            "is neither Saturday nor Sunday, and so worked anyway",
        ),
        "sheet_no_holiday": ("该年没有节假日。", "the year has no holiday"),
        "sheet_shifts_overlap": (
            "该部门自此日起同一天的班次重叠。",
            "the spans of a day overlap, of this department and day on",
        ),
        "sheet_shifts_too_long": (
            "班次须在当天开始，且不超过 24 小时。",
            "a span begins within its day and lasts 24 hours at most, of this department and day on",
        ),
        "sheet_shifts_no_make_up_days": (
            "该部门自此日起没有说明调休上班日的班次。",
            "nothing is said of make-up days, of this department and day on",
        ),
    }
)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Broken("sheet_day") from None


def _kind(text: str) -> DayKind:
    if text not in _KINDS:
        raise Broken("sheet_one_of", known=", ".join(_KINDS))
    return _KINDS[text]


def _days(text: str) -> DayName:
    if text not in tuple(DayName):
        raise Broken("sheet_one_of", known=", ".join(DayName))
    return DayName(text)


def _time(text: str) -> int:
    """Minutes after midnight."""
    if not _TIME.fullmatch(text):
        raise Broken("sheet_shift_time")
    return int(text[:2]) * 60 + int(text[3:])


DAY_COLUMNS: Mapping[str, Reader] = {"day": _day, "kind": _kind, "name": words(40), "notice": words(80)}
SHIFT_COLUMNS: Mapping[str, Reader] = {
    "department": matching("([1-9][0-9]{5,14}-)?[A-Z]{2,8}|", "sheet_shift_department"),
    "since": _day,
    "days": _days,
    "start": _time,
    "end": _time,
}


class CalendarSheets(NamedTuple):
    """What the folder says of working time. `shifts`: by department; None where it says nothing of them."""

    years: dict[int, list[NationalDay]]
    shifts: dict[str, list[Shifts]] | None


def read_calendars(sheets: Sheets) -> CalendarSheets:
    """Read and check the sheets of working time; their faults are noted."""
    years = {int(file[-8:-4]): _year(sheets, file) for file in sheets.files(YEARS)}
    return CalendarSheets(years, _shifts(sheets) if sheets.files(SHIFTS) else None)


def _year(sheets: Sheets, file: str) -> list[NationalDay]:
    year, lines = int(file[-8:-4]), sheets.read(file, DAY_COLUMNS)
    sheets.demand_unique(lines, "day")
    for line in lines:
        day, kind = line.values["day"], line.values["kind"]
        if day.year != year:
            sheets.fault(line, "day", Broken("sheet_other_year", year=year))
        elif kind is DayKind.MAKE_UP_DAY and day.weekday() < 5:
            sheets.fault(line, "day", Broken("sheet_worked_anyway"))
    if not any(line.values["kind"] is DayKind.HOLIDAY for line in lines):
        sheets.fault(Line(file, 1, {}), "kind", Broken("sheet_no_holiday"))
    return [NationalDay(**line.values) for line in lines]


def _shifts(sheets: Sheets) -> dict[str, list[Shifts]]:
    """Versions of each department's shifts. An end that is not after its start is on the next day."""
    versions: dict[tuple[str, date], list[Line]] = defaultdict(list)
    for line in sheets.read(SHIFTS, SHIFT_COLUMNS):
        versions[line.values["department"], line.values["since"]].append(line)
    shifts: dict[str, list[Shifts]] = defaultdict(list)
    for (department, since), lines in versions.items():
        try:
            shifts[department].append(Shifts(since, _spans(lines)))
        except ShiftsWrong as error:
            sheets.fault(lines[0], "days, start, end", Broken(f"sheet_{error.rule}"))
    return dict(shifts)


def _spans(lines: list[Line]) -> dict[DayName, tuple[Span, ...]]:
    spans: dict[DayName, list[Span]] = defaultdict(list)
    for line in lines:
        start, end = line.values["start"], line.values["end"]
        spans[line.values["days"]].append(Span(start, end if end > start else end + MINUTES_OF_A_DAY))
    return {name: tuple(sorted(each)) for name, each in spans.items()}
