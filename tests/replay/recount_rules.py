"""The sample city's sheets, read once more: who handles what, and when a limit has passed."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "local" / "sample"
LOCAL = timezone(timedelta(hours=8))
HOUR = timedelta(hours=1)


class Rule(NamedTuple):
    """Who handles a type, within which time."""

    department: str
    amount: int
    unit: str


class Rules:
    """The sample city's sheets."""

    def __init__(self) -> None:
        self._types = {(r["source"], r["nature"], r["detail"]): r for r in _sheet("replay_types.csv")}
        self._areas = {(r["source"], r["area"]): r["township"] for r in _sheet("replay_regions.csv")}
        self._rules = _sheet("dispatch_rules.csv")
        self._routing = _sheet("routing_rules.csv")
        self._shifts = _sheet("shifts.csv")
        days = [row for year in (2024, 2025, 2026) for row in _sheet(f"national_days_{year}.csv")]
        self._days = {date.fromisoformat(row["day"]): row["kind"] for row in days}

    def of(self, source: str, nature: str, detail: str, area: str) -> Rule:
        """The rule for a row: of those that fit the narrowest region, then the longest code, then kind and standard."""
        named = [(source, nature, detail), (source, nature, "")]
        type = next(self._types[each] for each in named if each in self._types)
        region = self._areas[source, area]
        fit = [each for each in self._rules if _fits(each, type, region)]
        routed = [each for each in self._routing if _fits(each, type, region)]
        assert not routed, "what goes by time and load is not recounted: no rule of the sample speaks of these types"
        best = max(fit, key=_exactness)
        return Rule(f"{region[:6]}-{best['department']}", int(best["hours"]), best["unit"] or "clock_hour")

    def due(self, begin: datetime, rule: Rule, times: int = 1) -> datetime:
        """When so many times the limit has passed."""
        if rule.unit == "clock_hour":
            return begin + times * rule.amount * HOUR
        assert rule.unit == "working_day", "the sheets have no other"
        day, left = begin.astimezone(LOCAL).date(), times * rule.amount
        while left:
            day += timedelta(days=1)
            left -= bool(self._ends(rule.department, day))
        hour, minute = map(int, max(self._ends(rule.department, day)).split(":"))
        return datetime(day.year, day.month, day.day, tzinfo=LOCAL) + timedelta(hours=hour, minutes=minute)

    def _ends(self, department: str, day: date) -> list[str]:
        """When the shifts of a department end on a day."""
        suffix = department.split("-")[1]
        kind = self._days.get(day) or ("workday" if day.weekday() < 5 else "weekend")
        name = {"holiday": "holidays", "weekend": "weekends"}.get(kind, "workdays")
        own = [each for each in self._shifts if each["department"] == suffix]
        used = own or [each for each in self._shifts if not each["department"]]
        return [each["end"] for each in used if each["days"] == name]


def _fits(rule: dict[str, str], type: dict[str, str], region: str) -> bool:
    return (
        region.startswith(rule["region_prefix"])
        and type["code"].startswith(rule["code_prefix"])
        and rule["kind"] in ("", type["kind"])
        and rule["standard"] in ("", type["standard"])
    )


def _exactness(rule: dict[str, str]) -> tuple[int, int, bool, bool]:
    return len(rule["region_prefix"]), len(rule["code_prefix"]), bool(rule["kind"]), bool(rule["standard"])


def _sheet(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
