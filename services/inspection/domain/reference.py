"""Reference data of inspection: what is checked, and which incidents lead to an inspection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from services.kernel import texts

texts.register(
    {
        "ITEM_UNKNOWN": ("没有此检查事项，或尚未公布。", "No checklist item with this code is published."),
        "GRAVITY_TOO_LOW": (
            "严重程度不得低于该检查事项的规定。",
            "A finding on this checklist item is at least as grave as the item says.",
        ),
    }
)


class Gravity(IntEnum):
    """How grave a finding is; the graver, the greater."""

    MINOR = 1
    ORDINARY = 2
    GRAVE = 3


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """A published item of a checklist (检查事项).

    `certificate_type` is the type code of the certificate that a grave finding suspends; empty: none.
    """

    code: str
    name: str
    name_en: str
    least_gravity: Gravity
    certificate_type: str = ""


class IncidentType(NamedTuple):
    """Key of an incident type, as grid publishes it. `kind`: component or event."""

    standard: str
    kind: str
    code: str


@dataclass(frozen=True, slots=True)
class InspectedType:
    """Incidents of this kind are inspected when a department of this suffix gets them; `code_prefix` may be empty."""

    standard: str
    kind: str
    code_prefix: str
    department_suffix: str

    def matches(self, key: IncidentType, department: str) -> bool:
        """The rule speaks of this type at this department."""
        return (
            (self.standard, self.kind) == (key.standard, key.kind)
            and key.code.startswith(self.code_prefix)
            and self.department_suffix == department.partition("-")[2]
        )


def is_inspected(key: IncidentType, department: str, rules: Iterable[InspectedType]) -> bool:
    """Whether an incident of this type leads to an inspection by this department."""
    return any(rule.matches(key, department) for rule in rules)
