"""Decisions: who an incident was dispatched to and why, or why the rules leave that to a person. Readable for years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.grid.domain.catalogue import Urgency
from services.kernel import texts
from services.kernel.errors import Refusal, failed_state

texts.register(
    {
        "RULES_TIE": (
            "派遣规则 {rules} 同样适用且结果不同，请指定部门。",
            "Rules {rules} fit equally well and name different departments; name a department.",
        ),
        "RULE_TIME_UNKNOWN": (
            "日历中没有当天，无法判断规则 {rules} 是否适用，请指定部门。",
            "The calendar does not know this day: whether rules {rules} hold is open; name a department.",
        ),
        "RULE_RETURNED": (
            "规则 {rules} 指定的部门已退单，请指定其他部门。",
            "The department of rule {rules} returned it; name another one.",
        ),
        "CATALOGUE_RETURNED": (
            "目录指定的承办部门已退单，请指定其他部门。",
            "The department in charge by the catalogue returned it; name another one.",
        ),
        "RULE_DEPARTMENT_UNKNOWN": (
            "规则或目录指定的部门不存在，请指定其他部门。",
            "The department that the rules name does not exist; name another one.",
        ),
        "DISPATCHED_BY_RULE": (
            "规则 {rule}：{because}，派遣至 {department}。",
            "Rule {rule} because {because}: to {department}.",
        ),
        "DISPATCHED_BY_LOAD": (
            "规则 {rule}：{because}；{count} 个部门中 {department} 负荷最低（{open}/{capacity}）。",
            "Rule {rule} because {because}; of {count} departments {department} has the least load"
            " ({open} of {capacity}).",
        ),
        "DISPATCHED_BY_CATALOGUE": (
            "没有派遣规则适用，按目录派遣至 {department}：{words}",
            "No routing rule fits; by the catalogue to {department}: {words}",
        ),
        "DISPATCHED_BY_PERSON": ("由人工指定 {department}。", "A person named {department}."),
        "URGENT_BY_RULE": ("紧急程度由该规则确定：{urgency}。", "The rule says how urgent it is: {urgency}."),
        "URGENT_BY_CATALOGUE": (
            "紧急程度由目录确定，该类别仅有：{urgency}。",
            "The catalogue has stages of one urgency for its type: {urgency}.",
        ),
        "URGENT_BY_PERSON": ("紧急程度由人工确定：{urgency}。", "A person said how urgent it is: {urgency}."),
        "URGENCY_NORMAL": ("一般", "normal"),
        "URGENCY_URGENT": ("紧急", "urgent"),
        "URGENCY_VERY_URGENT": ("特急", "very urgent"),
    }
)


class Source(StrEnum):
    """By what a department was chosen."""

    RULE = "RULE"
    CATALOGUE = "CATALOGUE"
    """No rule fits: the catalogue's department in charge."""
    PERSON = "PERSON"


class Undecided(StrEnum):
    """Why a person has to choose."""

    NO_RULE = "NO_RULE"
    TIE = "RULES_TIE"
    TIME_UNKNOWN = "RULE_TIME_UNKNOWN"
    RETURNED = "RULE_RETURNED"
    RETURNED_BY_CATALOGUE = "CATALOGUE_RETURNED"
    UNKNOWN = "RULE_DEPARTMENT_UNKNOWN"
    """It was dissolved since the rules were made."""


class Load(NamedTuple):
    """A department's open cases, and how many it is made for."""

    department: str
    open: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A department and by what it was chosen, or `undecided` and perhaps a `suggestion`. `loads`: the least first.

    `urgency` is how soon it has to be handled, `urgent_by` who says so; None: nobody.
    """

    department: str = ""
    source: Source | None = None
    undecided: Undecided | None = None
    rules: tuple[int, ...] = ()
    loads: tuple[Load, ...] = ()
    suggestion: str = ""
    text_zh: str = ""
    text_en: str = ""
    urgency: Urgency = Urgency.NORMAL
    urgent_by: Source | None = None

    @classmethod
    def by_rule(
        cls, rule: int, department: str, loads: tuple[Load, ...], said: Mapping[str, tuple[str, str]]
    ) -> Decision:
        """By a rule; `said`: what it speaks of and its reason, by language."""
        params: dict[str, str | int] = {"rule": rule, "department": department, "count": len(loads)}
        if loads:
            params |= {"open": loads[0].open, "capacity": loads[0].capacity}
        name = "DISPATCHED_BY_LOAD" if loads else "DISPATCHED_BY_RULE"
        made = {
            language: " ".join(filter(None, (texts.text(name, language, params | {"because": because}), reason)))
            for language, (because, reason) in said.items()
        }
        return cls(department, Source.RULE, None, (rule,), loads, "", made["zh-CN"], made["en"])

    @classmethod
    def by_catalogue(cls, department: str, words: str) -> Decision:
        """By the catalogue's rule, in its words."""
        both = _both("DISPATCHED_BY_CATALOGUE", department=department, words=words)
        return cls(department, Source.CATALOGUE, None, (), (), "", *both)

    @classmethod
    def by_person(cls, department: str) -> Decision:
        """Somebody named it."""
        return cls(department, Source.PERSON, None, (), (), "", *_both("DISPATCHED_BY_PERSON", department=department))

    @classmethod
    def left_to_a_person(cls, why: Undecided, rules: tuple[int, ...], suggestion: str) -> Decision:
        """The rules do not say."""
        params = {"rules": _listed(rules)} if rules else {}
        return cls("", None, why, rules, (), suggestion, *_both(why.value, **params))

    def hastened(self, said: Urgency | None, only: Urgency | None) -> Decision:
        """With its urgency in words: what a person `said`, else what the rule says, else the catalogue's `only` one."""
        by_rule = self.urgency if self.urgent_by else None
        choices = ((Source.PERSON, said), (Source.RULE, by_rule), (Source.CATALOGUE, only))
        urgent_by, urgency = next(((by, each) for by, each in choices if each), (None, Urgency.NORMAL))
        if urgent_by is None:
            return self
        zh, en = (
            f"{text} {texts.text(f'URGENT_BY_{urgent_by}', language, {'urgency': _named(urgency, language)})}"
            for text, language in ((self.text_zh, "zh-CN"), (self.text_en, "en"))
        )
        return replace(self, urgency=urgency, urgent_by=urgent_by, text_zh=zh, text_en=en)

    def refusal(self) -> Refusal:
        """The refusal of a dispatch that names no department, where the rules do not say."""
        assert self.undecided is not None, "there is a department"
        return failed_state(self.undecided.value, **({"rules": _listed(self.rules)} if self.rules else {}))


class Kept(NamedTuple):
    """A dispatch that was: the incident's version after it, when, by which routing rules (0: none), and why."""

    version: int
    dispatched_at: datetime
    routing: int
    decision: Decision


def _named(urgency: Urgency, language: str) -> str:
    return texts.text(f"URGENCY_{urgency.upper()}", language)


def _listed(rules: tuple[int, ...]) -> str:
    return ", ".join(map(str, rules))


def _both(name: str, **params: str | int) -> tuple[str, str]:
    return texts.text(name, "zh-CN", params), texts.text(name, "en", params)
