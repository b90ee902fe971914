"""The city's sheets of rules, read once more: what a row is, how long it may take, and who has to get it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from tests.replay.recount_sheets import sheet
from tests.replay.recount_time import DAY, LOCAL, Limit, Time

UNSAID = Limit(72)
"""For handling, where the catalogue says nothing."""
Line = dict[str, str]


class Subject(NamedTuple):
    """What a row is and where."""

    type: Line
    region: str

    @property
    def county(self) -> str:
        """Six digits."""
        return self.region[:6]


class Stage(NamedTuple):
    """One stage of the handling; `whole`: its limit counts from the dispatch."""

    limit: Limit
    whole: bool


class Routed(NamedTuple):
    """Who has to get it, and by what; without a department it is for a person, who is shown a suggestion."""

    department: str = ""
    why: str = ""
    suggestion: str = ""
    automatic: bool = False


@dataclass
class Rules:
    """The sheets."""

    time: Time

    def __post_init__(self) -> None:
        self._types = {(r["source"], r["nature"], r["detail"]): r for r in sheet("replay_types.csv")}
        self._areas = {(r["source"], r["area"]): r["township"] for r in sheet("replay_regions.csv")}
        self._capacities = {r["department"]: int(r["capacity"]) for r in sheet("capacities.csv")}

    def subject(self, source: str, nature: str, detail: str, area: str) -> Subject:
        """What a row is, and where."""
        named = [(source, nature, detail), (source, nature, "")]
        return Subject(next(self._types[each] for each in named if each in self._types), self._areas[source, area])

    def stages(self, subject: Subject) -> list[Stage]:
        """The handling of a type, as one stage where the catalogue has none."""
        fit = [each for each in sheet("stages.csv") if _fits({**each, "region_prefix": ""}, subject)]
        if fit:
            ordered = sorted(fit, key=lambda each: int(each["position"]))
            return [Stage(Limit(int(each["limit"]), each["unit"]), not each["counted"]) for each in ordered]
        rule = self._catalogue(subject)
        return [Stage(Limit(int(rule["hours"]), rule["unit"] or "clock_hour") if rule else UNSAID, True)]

    def routed(
        self,
        subject: Subject,
        at: datetime,
        returners: Collection[str],
        held: Mapping[str, int],
        last: Callable[[], str],
    ) -> Routed:
        """Who has to get it at a moment, but those who returned it.

        `held` is what departments have open, `last` who had the last of its type.
        """
        fit = [each for each in sheet("routing_rules.csv") if _fits(each, subject) and self._holds(each, subject, at)]
        top = [each for each in fit if _exactness(each) == max(map(_exactness, fit))]
        if not top:
            return self._by_catalogue(subject, returners, last)
        choices = [self._departments(each, subject) for each in sorted(top, key=lambda each: int(each["rule"]))]
        left = [each for each in choices[0] if each not in returners]
        if any(set(each) != set(choices[0]) for each in choices):
            return Routed(suggestion=left[0] if left else "")
        if not left:
            return Routed(suggestion=self._by_catalogue(subject, returners, lambda: "").department)
        number = min(int(each["rule"]) for each in top)
        return self._by_load(number, left, held, any(each["automatic"] == "yes" for each in top))

    def _by_load(self, number: int, left: list[str], held: Mapping[str, int], automatic: bool) -> Routed:
        """Of several the one with the least of its capacity in use, then with most room, then the first."""
        if len(left) == 1:
            return Routed(left[0], f"RULE {number}", automatic=automatic)
        loads = [(each, held.get(each, 0), self._capacity(each)) for each in left]
        loads.sort(key=lambda each: (Fraction(each[1], each[2]), each[1] - each[2]))
        shown = " ".join(f"{department} {open}/{capacity}" for department, open, capacity in loads)
        return Routed(loads[0][0], f"RULE {number} {shown}", automatic=automatic)

    def _capacity(self, department: str) -> int:
        return self._capacities.get(department) or self._capacities[department.split("-")[1]]

    def _by_catalogue(self, subject: Subject, returners: Collection[str], last: Callable[[], str]) -> Routed:
        rule = self._catalogue(subject)
        department = f"{subject.county}-{rule['department']}" if rule else ""
        if not rule or department in returners:
            return Routed(suggestion=last())
        return Routed(department, "CATALOGUE")

    def _catalogue(self, subject: Subject) -> Line | None:
        """The narrowest region, then the longest code, then kind and standard."""
        fit = [each for each in sheet("dispatch_rules.csv") if _fits(each, subject)]
        return max(fit, key=_exactness, default=None)

    def _departments(self, rule: Line, subject: Subject) -> list[str]:
        return [f"{subject.county}-{each.strip()}" for each in rule["departments"].split(";")]

    def _holds(self, rule: Line, subject: Subject, at: datetime) -> bool:
        """It is the time of day, on the day, and outside the shifts that the rule names."""
        local = at.astimezone(LOCAL)
        clock, day = f"{local:%H:%M}", local.date()
        start, end = rule["start"] or "00:00", rule["end"] or "24:00"
        if end <= start and clock < end:
            day -= DAY
        elif not (start <= clock and (clock < end or end <= start)):
            return False
        named = {each.strip() for each in rule["days"].split(";")} - {""}
        spans = self.time.spans(rule["off_duty"], local.date()) if rule["off_duty"] else []
        on_duty = any(begin <= at < over for begin, over in spans)
        return (not named or bool(named & self.time.names(day))) and not on_duty


def _fits(rule: Line, subject: Subject) -> bool:
    type = subject.type
    return (
        subject.region.startswith(rule["region_prefix"])
        and type["code"].startswith(rule["code_prefix"])
        and rule["kind"] in ("", type["kind"])
        and rule["standard"] in ("", type["standard"])
    )


def _exactness(rule: Line) -> tuple[int, int, bool, bool, bool]:
    """Of routing rules one that names a time goes before one that holds always."""
    timed = any(rule.get(each) for each in ("days", "start", "off_duty"))
    return len(rule["region_prefix"]), len(rule["code_prefix"]), bool(rule["kind"]), bool(rule["standard"]), timed
