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


class Counted(NamedTuple):
    """Counts by the codes of one standard. They and those of `unmapped` sum to the total."""

    counts: dict[TypeKey, int]
    unmapped: list[Unmapped]

    @property
    def total(self) -> int:
        """All cases."""
        return sum(self.counts.values()) + sum(each.cases for each in self.unmapped)


def count_under(standard: str, filed: Mapping[TypeKey, int], mappings: Iterable[CodeMapping]) -> Counted:
    """Counts by the type that was filed, brought to the codes of a standard, by kind and code."""
    partners = _partners(mappings)
    counts: Counter[TypeKey] = Counter()
    unmapped = []
    for key, count in sorted(filed.items()):
        others = partners.get(key, set())
        there = [key] if key.standard == standard else sorted(each for each in others if each.standard == standard)
        if len(there) == 1:
            counts[there[0]] += count
        else:
            reason = WhyUnmapped.SEVERAL if there else _reason(key, others)
            unmapped.append(Unmapped(key, count, reason, tuple(there)))
    return Counted(dict(sorted(counts.items())), unmapped)


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


def _reason(key: TypeKey, others: set[TypeKey]) -> WhyUnmapped:
    """Why a type has no code in a standard, though it may have in `others`."""
    local = any(is_local(each.standard) for each in (key, *others))
    return WhyUnmapped.LOCAL if local else WhyUnmapped.NO_MAPPING
