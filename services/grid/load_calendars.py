"""The sheets of working days and shifts; read by `services.grid.load` with the others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from services.grid.store.calendars import NationalDay
from services.kernel.sheets import Line, Reader, Sheets, matching, words
from services.kernel.worktime.calendars import MINUTES_OF_A_DAY, DayKind, DayName, Shifts, Span

SHIFTS = "shifts.csv"
YEARS = "national_days_[0-9][0-9][0-9][0-9].csv"
_TIME = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_KINDS = {"holiday": DayKind.HOLIDAY, "make_up_day": DayKind.MAKE_UP_DAY}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a day such as 2026-02-14") from None


def _kind(text: str) -> DayKind:
    if text not in _KINDS:
        raise ValueError(f"must be one of {', '.join(_KINDS)}")
    return _KINDS[text]


def _days(text: str) -> DayName:
    if text not in tuple(DayName):
        raise ValueError(f"must be one of {', '.join(DayName)}")
    return DayName(text)


def _time(text: str) -> int:
    """Minutes after midnight."""
    if not _TIME.fullmatch(text):
        raise ValueError("must be a time such as 08:30, or 24:00")
    return int(text[:2]) * 60 + int(text[3:])


DAY_COLUMNS: Mapping[str, Reader] = {"day": _day, "kind": _kind, "name": words(40), "notice": words(80)}
SHIFT_COLUMNS: Mapping[str, Reader] = {
    "department": matching(
        "([1-9][0-9]{5,14}-)?[A-Z]{2,8}|", "must be a department code, the capitals that end one, or empty"
    ),
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
            sheets.fault(line, "day", f"is no day of {year}")
        elif kind is DayKind.MAKE_UP_DAY and day.weekday() < 5:
            sheets.fault(line, "day", "is neither Saturday nor Sunday, and so worked anyway")
    if not any(line.values["kind"] is DayKind.HOLIDAY for line in lines):
        sheets.fault(Line(file, 1, {}), "kind", "the year has no holiday")
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
        except ValueError as error:
            sheets.fault(lines[0], "days, start, end", f"{error}, of this department and day on")
    return dict(shifts)


def _spans(lines: list[Line]) -> dict[DayName, tuple[Span, ...]]:
    spans: dict[DayName, list[Span]] = defaultdict(list)
    for line in lines:
        start, end = line.values["start"], line.values["end"]
        spans[line.values["days"]].append(Span(start, end if end > start else end + MINUTES_OF_A_DAY))
    return {name: tuple(sorted(each)) for name, each in spans.items()}
