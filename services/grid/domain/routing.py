"""Routing: which department an incident goes to, by rules that an operator numbers, or that a person has to decide.

Of the rules that fit, the most exact decides: the narrowest region; then type over category over any; one that names
the kind, then the standard; one that names a time over one that holds always. Where the rules say nothing, the
catalogue's departments in charge do. What is left is never nobody's: a person of the grid centre decides, and is told
why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import ClassVar, NamedTuple

from services.grid.domain.catalogue import Urgency
from services.grid.domain.decisions import Decision, Load, Source, Undecided
from services.grid.domain.moments import CalendarOf, When, department_in
from services.grid.domain.reference import DispatchRule, IsDepartment, TypeKey, any_code, rule_for
from services.kernel import texts
from services.kernel.errors import Violation, invalid

texts.register(
    {
        "ROUTING_IN_PAST": (
            "派遣规则的生效时间不能早于当前时间。",
            "Routing rules cannot come into force in the past.",
        ),
        "PLAN_TOO_FAR": (
            "试算时刻须在当前时间前后 {limit} 天以内。",
            "A dispatch can be planned for a moment within {limit} days of now.",
        ),
    }
)


PLANNED_WITHIN = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A rule: which departments may take what, where, when. An empty field stands for any.

    `departments`, by code or by what codes end with in the incident's county, are in the order in which equals are
    taken. `reason` says in words why. What an `automatic` rule decides, goes there without anybody asking. `urgency` is
    that of what it sends; None: the rule does not say.
    """

    number: int
    standard: str
    kind: str
    code_prefix: str
    region_prefix: str
    departments: tuple[str, ...]
    when: When = field(default_factory=When)
    reason: str = ""
    reason_en: str = ""
    automatic: bool = False
    urgency: Urgency | None = None

    def speaks_of(self, key: TypeKey, region: str) -> bool:
        """It speaks of this type in this region, at some time."""
        return (
            region.startswith(self.region_prefix)
            and key.code.startswith(self.code_prefix)
            and self.kind in ("", key.kind)
            and self.standard in ("", key.standard)
        )

    @property
    def strength(self) -> tuple[int, int, bool, bool, bool]:
        """Of rules that fit, the strongest decides."""
        scope = len(self.region_prefix), len(self.code_prefix), bool(self.kind), bool(self.standard)
        return *scope, not self.when.always

    def departments_in(self, region: str) -> tuple[str, ...]:
        """Codes of the departments that may take it in a region, each once."""
        return tuple(dict.fromkeys(department_in(region, each) for each in self.departments))

    def because(self, language: str) -> str:
        """What it speaks of, for people."""
        english = language == "en"
        type_, region, anything = ("type", "region", "any incident") if english else ("类别", "区域", "任何事件")
        key = " ".join(filter(None, (self.standard, self.kind, self.code_prefix)))
        words = (
            f"{type_} {key}" if key else "",
            f"{region} {self.region_prefix}" if self.region_prefix else "",
            self.when.words(language),
        )
        return (", " if english else "，").join(filter(None, words)) or anything


@dataclass(frozen=True, slots=True)
class Routing:
    """All rules of a time, and how many open cases a department is made for, by code or by what codes end with.

    Is a `versions.Versioned`.
    """

    IN_PAST: ClassVar[str] = "ROUTING_IN_PAST"
    FROM_BEGINNING: ClassVar[bool] = False

    rules: tuple[RoutingRule, ...] = ()
    capacities: Mapping[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Tells one from another, in whatever order its lines came."""
        lines = sorted(repr(astuple(each)) for each in self.rules), sorted(self.capacities.items())
        return hashlib.sha256(repr(lines).encode()).hexdigest()

    def may_dispatch(self, case: Case) -> bool:
        """At some time a rule sends this without anybody asking."""
        return any(each.automatic and each.speaks_of(case.type, case.region) for each in self.rules)

    def changes_with_time(self, case: Case) -> bool:
        """A rule speaks of this at some times and not at others."""
        return any(not each.when.always and each.speaks_of(case.type, case.region) for each in self.rules)

    def dispatches(self, decision: Decision) -> bool:
        """A rule decided that sends it without anybody asking."""
        return any(each.automatic and each.number in decision.rules for each in self.rules) and bool(
            decision.department
        )

    def capacity(self, department: str) -> int:
        """That of a department; of two lines that speak of it, the one with its whole code holds. 1 where none does."""
        return self.capacities.get(department) or self.capacities.get(department.partition("-")[2], 1)


class Case(NamedTuple):
    """What is to be dispatched; `returned_by` are the departments that do not want it."""

    type: TypeKey
    region: str
    returned_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What a decision may ask for: calendars, who is there, their open cases, and who had the last case of the kind."""

    calendar_of: CalendarOf
    open_cases: Callable[[Sequence[str]], Mapping[str, int]]
    last_department: Callable[[Case], str]
    is_department: IsDepartment = any_code

    def suggested(self, *departments: str) -> str:
        """The first that there is; empty: none."""
        return next((each for each in departments if each and self.is_department(each)), "")


def demand_near(at: datetime, now: datetime) -> None:
    """Refuse, as violation PLAN_TOO_FAR, to plan for a moment that is long past or far ahead."""
    if abs(at - now) > PLANNED_WITHIN:
        raise invalid(Violation("at", "PLAN_TOO_FAR", {"limit": PLANNED_WITHIN.days}))


def decide(case: Case, at: datetime, routing: Routing, fallback: Iterable[DispatchRule], known: Known) -> Decision:
    """Which department takes it, and why; or why a person has to say. The order of the rules makes no difference."""
    top, unsure = _strongest(case, at, routing.rules, known.calendar_of)
    if not top:
        return _by_catalogue(case, fallback, known)
    numbers = tuple(each.number for each in top)
    choices = [each.departments_in(case.region) for each in top]
    if unsure or len({frozenset(each) for each in choices}) > 1:
        left = [each for each in choices[0] if each not in case.returned_by]
        why = Undecided.TIME_UNKNOWN if unsure else Undecided.TIE
        return Decision.left_to_a_person(why, numbers, known.suggested(*left))
    return _by_rule(case, top[0], routing, fallback, known)


def _strongest(
    case: Case, at: datetime, rules: Iterable[RoutingRule], calendar_of: CalendarOf
) -> tuple[list[RoutingRule], bool]:
    """The rules that fit and are stronger than all others, by number; and whether the time of one is not known."""
    fitting: list[tuple[RoutingRule, bool]] = []
    for each in rules:
        if each.speaks_of(case.type, case.region):
            holds = each.when.holds(at, case.region[:6], calendar_of)
            fitting += [(each, holds is None)] if holds is not False else []
    strongest = max((each.strength for each, _ in fitting), default=None)
    top = sorted((pair for pair in fitting if pair[0].strength == strongest), key=lambda pair: pair[0].number)
    return [each for each, _ in top], any(unsure for _, unsure in top)


def _by_rule(
    case: Case, rule: RoutingRule, routing: Routing, fallback: Iterable[DispatchRule], known: Known
) -> Decision:
    named = [each for each in rule.departments_in(case.region) if each not in case.returned_by]
    candidates = [each for each in named if known.is_department(each)]
    if not candidates:
        other = rule_for(case.type, case.region, fallback)
        suggestion = other.department_in(case.region) if other else ""
        suggestion = "" if suggestion in case.returned_by else known.suggested(suggestion)
        why = Undecided.UNKNOWN if named else Undecided.RETURNED
        return Decision.left_to_a_person(why, (rule.number,), suggestion)
    loads = _loads(candidates, routing, known) if len(candidates) > 1 else ()
    department = loads[0].department if loads else candidates[0]
    said = {language: (rule.because(language), reason) for language, reason in
            (("zh-CN", rule.reason), ("en", rule.reason_en or rule.reason))}  # fmt: skip
    decision = Decision.by_rule(rule.number, department, loads, said)
    return replace(decision, urgency=rule.urgency, urgent_by=Source.RULE) if rule.urgency else decision


def _loads(candidates: Sequence[str], routing: Routing, known: Known) -> tuple[Load, ...]:
    """The least first: fewest open cases to its capacity, then most room, then as the rule names them."""
    open_cases = known.open_cases(candidates)
    loads = [Load(each, open_cases.get(each, 0), routing.capacity(each)) for each in candidates]
    return tuple(sorted(loads, key=lambda each: (Fraction(each.open, each.capacity), each.open - each.capacity)))


def _by_catalogue(case: Case, fallback: Iterable[DispatchRule], known: Known) -> Decision:
    rule = rule_for(case.type, case.region, fallback)
    if rule is None:
        return Decision.left_to_a_person(Undecided.NO_RULE, (), known.suggested(known.last_department(case)))
    department = rule.department_in(case.region)
    why = Undecided.RETURNED_BY_CATALOGUE if department in case.returned_by else Undecided.UNKNOWN
    if why is Undecided.RETURNED_BY_CATALOGUE or not known.is_department(department):
        return Decision.left_to_a_person(why, (), known.suggested(known.last_department(case)))
    return Decision.by_catalogue(department, rule.words(department))
