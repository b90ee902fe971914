"""Counts of incidents by type, comparable across a change of standards: no case is counted twice, and none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.grid.domain.catalogue import CodeMapping
from services.grid.domain.reference import TypeKey, is_local
from services.kernel import texts
from services.kernel.errors import Violation, invalid

LONGEST_RANGE = timedelta(days=366)

texts.register(
    {
        "RANGE_WRONG": (
            "结束时间须晚于开始时间，且相隔不超过 {days} 天。",
            "The range must end after it begins, by at most {days} days.",
        ),
    }
)


class WhyUnmapped(StrEnum):
    """Why cases have no code in a standard."""

    NO_MAPPING = "NO_MAPPING"
    LOCAL = "LOCAL"
    """The type is an extension of this city, or became one."""
    SEVERAL = "SEVERAL"
    """The type became several, and a case does not say which."""


class Unmapped(NamedTuple):
    """Cases of a type that has no one code in a standard; `candidates` are those that it may be."""

    type: TypeKey
    cases: int
    reason: WhyUnmapped
    candidates: tuple[TypeKey, ...] = ()


class Apart(StrEnum):
    """Why an incident is in no count: it is no case of its own, or none yet."""

    NOT_FILED_YET = "NOT_FILED_YET"
    """A report that waits for the check or the decision."""
    DECLINED = "DECLINED"
    DUPLICATE = "DUPLICATE"
    """Merged into another, or closed as reported before."""
    VOIDED = "VOIDED"


class Past(NamedTuple):
    """What was filed in a range of time, by type, and how many incidents are told apart from it."""

    filed: dict[TypeKey, int]
    apart: dict[Apart, int]


class Counted(NamedTuple):
    """Counts by the codes of one standard. They and those of `unmapped` sum to the total, as do the `categories`."""

    counts: dict[TypeKey, int]
    unmapped: list[Unmapped]
    categories: dict[TypeKey, int]
    without_category: int

    @property
    def total(self) -> int:
        """All cases."""
        return sum(self.counts.values()) + sum(each.cases for each in self.unmapped)


def count_under(standard: str, filed: Mapping[TypeKey, int], mappings: Iterable[CodeMapping]) -> Counted:
    """Counts by the type that was filed, brought to the codes and categories of a standard, by kind and code."""
    partners = _partners(mappings)
    counts: Counter[TypeKey] = Counter()
    categories: Counter[TypeKey | None] = Counter()
    unmapped = []
    for key, count in sorted(filed.items()):
        there = _under(standard, key, partners)
        categories[_category(standard, key, there, partners)] += count
        if len(there) == 1:
            counts[there[0]] += count
        else:
            reason = WhyUnmapped.SEVERAL if there else _reason(key, partners.get(key, set()))
            unmapped.append(Unmapped(key, count, reason, tuple(there)))
    without = categories.pop(None, 0)
    named = {key: count for key, count in categories.items() if key}
    return Counted(dict(sorted(counts.items())), unmapped, dict(sorted(named.items())), without)


def demand_range(begin: datetime, end: datetime) -> None:
    """Raises Refusal RANGE_WRONG as violation for a range that is empty or too long."""
    if not timedelta(0) < end - begin <= LONGEST_RANGE:
        raise invalid(Violation("filed_until", "RANGE_WRONG", {"days": LONGEST_RANGE.days}))


def _partners(mappings: Iterable[CodeMapping]) -> dict[TypeKey, set[TypeKey]]:
    """What types stand for in other standards, from whichever side the mapping was written."""
    found: dict[TypeKey, set[TypeKey]] = {}
    for each in mappings:
        found.setdefault(each.former, set()).add(each.latter)
        found.setdefault(each.latter, set()).add(each.former)
    return found


def _under(standard: str, key: TypeKey, partners: Mapping[TypeKey, set[TypeKey]]) -> list[TypeKey]:
    """What a type or category is in a standard."""
    if key.standard == standard:
        return [key]
    return sorted(each for each in partners.get(key, ()) if each.standard == standard)


def _category(
    standard: str, key: TypeKey, there: Iterable[TypeKey], partners: Mapping[TypeKey, set[TypeKey]]
) -> TypeKey | None:
    """The one category of a type in a standard: that of its types `there`, else what its own became."""
    found = {each.category for each in there} or set(_under(standard, key.category, partners))
    return found.pop() if len(found) == 1 else None


def _reason(key: TypeKey, others: set[TypeKey]) -> WhyUnmapped:
    """Why a type has no code in a standard, though it may have in `others`."""
    local = any(is_local(each.standard) for each in (key, *others))
    return WhyUnmapped.LOCAL if local else WhyUnmapped.NO_MAPPING
