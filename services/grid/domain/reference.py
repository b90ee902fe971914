"""Reference data of grid: which types of incident there are, and which department handles what, where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.kernel import regions, texts
from services.kernel.errors import Violation, failed_state, invalid
from services.kernel.worktime.terms import Limit, Unit

texts.register(
    {
        "TYPE_UNKNOWN": ("没有此事项或部件类别，或已停用。", "No incident type in force has this key."),
        "NO_RULE": ("没有适用的派遣规则，请指定部门。", "No dispatch rule applies; name a department."),
        "DEPARTMENT_ELSEWHERE": (
            "该部门不负责此区域。",
            "The department does not work for the incident's region.",
        ),
    }
)


class IncidentKind(StrEnum):
    """What an incident type classifies: a thing of the city, or something that happens."""

    COMPONENT = "component"
    EVENT = "event"


CATEGORY = 2
"""Digits of a category, which begin the codes of its types."""


class TypeKey(NamedTuple):
    """Key of an incident type; a component and an event may share a code. With two digits it is that of a category."""

    standard: str
    kind: IncidentKind
    code: str

    @property
    def category(self) -> TypeKey:
        """The key of its category."""
        return self._replace(code=self.code[:CATEGORY])


STANDARD_2013 = "GB/T 30428.2-2013"
"""The standard that GB/T 47678.5-2026 replaced; its codes have four digits."""

STANDARD_2026 = "GB/T 47678.5-2026"
"""The standard in force since 2026-07-01."""
NATIONAL = (STANDARD_2026, STANDARD_2013)


def code_length(standard: str) -> int:
    """Digits of a type's code."""
    return 4 if standard == STANDARD_2013 else 5


def is_local(standard: str) -> bool:
    """It is no national standard: its types are extensions of this city."""
    return standard not in NATIONAL


class Evidence(StrEnum):
    """What has to be handed in with a case of a type."""

    PHOTO = "photo"
    """A picture with the report."""
    PHOTO_AFTER = "photo_after"
    """A picture of the same place once it is handled."""
    VIDEO = "video"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class IncidentType:
    """An incident type of the catalogue. `local`: an extension of this city that the standard does not have.

    `public`: cases of it may be shown to anyone.
    """

    key: TypeKey
    category: str
    name: str
    name_en: str = ""
    local: bool = False
    public: bool = False
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class DispatchRule:
    """Which department handles what, where, within how many units of time; an empty field stands for any.

    `region_prefix` is a bare prefix as `regions.scope_prefix` gives it. `code_prefix` is a category (2 digits) or a
    type (5 digits). `reason` says in words why the department is in charge.
    `handle_within_hours` are units of any kind: it was named when there were clock hours alone.
    """

    standard: str
    kind: str
    code_prefix: str
    region_prefix: str
    department_suffix: str
    handle_within_hours: int
    reason: str = ""
    unit: Unit = Unit.CLOCK_HOUR

    @property
    def limit(self) -> Limit:
        """How long the department has."""
        return Limit(self.handle_within_hours, self.unit)

    def department_in(self, region: str) -> str:
        """Code of the department that it chooses for a region."""
        return f"{regions.county_of(region)}-{self.department_suffix}"

    def matches(self, key: TypeKey, region: str) -> bool:
        """The rule speaks of this type in this region."""
        return (
            region.startswith(self.region_prefix)
            and key.code.startswith(self.code_prefix)
            and self.kind in ("", key.kind)
            and self.standard in ("", key.standard)
        )

    @property
    def strength(self) -> tuple[int, int, bool, bool]:
        """Of two rules that match, the stronger decides: the narrower region, then type over category over any.

        Two rules of one strength that match the same incident would be one rule: the order has no ties.
        """
        return len(self.region_prefix), len(self.code_prefix), bool(self.kind), bool(self.standard)

    def words(self, department: str) -> str:
        """Why this rule chose the department, for people."""
        kind, standard = self.kind or "*", self.standard or "*"
        scope = f"{standard} {kind} {self.code_prefix or '*'} @ {self.region_prefix or '*'}"
        time = f"{self.handle_within_hours} h" if self.unit is Unit.CLOCK_HOUR else str(self.limit)
        return f"{self.reason}({scope} -> {department}, {time})"


class Assignment(NamedTuple):
    """Who handles an incident, within which time, and why; `reason` is empty when a person chose."""

    department: str
    limit: Limit
    reason: str


def rule_for(key: TypeKey, region: str, rules: Iterable[DispatchRule]) -> DispatchRule | None:
    """The strongest rule that speaks of this type in this region; None when none does."""
    return max((rule for rule in rules if rule.matches(key, region)), key=lambda each: each.strength, default=None)


IsDepartment = Callable[[str], bool]
"""Whether there is a department of this code."""


def any_code(code: str) -> bool:
    """Where departments are not on record, any code may be one."""
    return True


def assign(
    key: TypeKey,
    region: str,
    rules: Iterable[DispatchRule],
    *,
    named: str,
    default: Limit,
    is_department: IsDepartment = any_code,
) -> Assignment:
    """Choose the department: the one named, else the one that the strongest rule gives.

    The rule's clock runs for a named department too; without a rule it has the `default`. Raises Refusal
    DEPARTMENT_ELSEWHERE when the named one works for another region, NO_RULE when nobody says who, DEPARTMENT_UNKNOWN
    when there is none of this code.
    """
    rule = rule_for(key, region, rules)
    if named and not regions.within(region, named.partition("-")[0]):
        raise invalid(Violation("department", "DEPARTMENT_ELSEWHERE"))
    if not named and rule is None:
        raise failed_state("NO_RULE")
    department = named or (rule.department_in(region) if rule else "")
    if not is_department(department):
        raise invalid(Violation("department", "DEPARTMENT_UNKNOWN"))
    limit = rule.limit if rule else default
    return Assignment(department, limit, rule.words(department) if rule and not named else "")
