"""Officers: who may inspect.

At least two, licensed, never the one who reported, never a grid worker (国办发〔2024〕54号).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.kernel import texts
from services.kernel.errors import Violation
from services.kernel.parties import Party

texts.register(
    {
        "TOO_FEW_OFFICERS": ("执法检查不得少于 {limit} 人。", "An inspection needs at least {limit} officers."),
        "NAMED_TWICE": ("同一人员重复指派。", "The same officer is named twice."),
        "NOT_A_LICENSED_OFFICER": (
            "该人员不是本部门持有行政执法证的在岗执法人员。",
            "Not an active officer of this department with a law-enforcement licence.",
        ),
        "GRID_WORKER_MAY_NOT_INSPECT": ("网格员不得实施行政检查。", "A grid worker may not inspect."),
        "REPORTER_MAY_NOT_INSPECT": ("上报人不得参与本次检查。", "Whoever reported the incident may not inspect it."),
    }
)

FEWEST_OFFICERS = 2


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff as identity knows them. `officer_licence`: number of the 行政执法证; empty: none."""

    person_id: str
    department: str
    roles: frozenset[str]
    officer_licence: str
    active: bool

    def may_inspect_for(self, department: str) -> bool:
        """An active, licensed officer of this department."""
        return self.active and "officer" in self.roles and bool(self.officer_licence) and self.department == department


class Nominee(NamedTuple):
    """Somebody named to inspect; `staff` is None when identity does not know the person."""

    person_id: str
    staff: Staff | None


def violations(nominees: Sequence[Nominee], department: str, reporter: Party | None) -> Iterator[Violation]:
    """Everything that speaks against these people inspecting for this department what `reporter` reported."""
    named = [nominee.person_id for nominee in nominees]
    if len(set(named)) < FEWEST_OFFICERS:
        yield Violation("officers", "TOO_FEW_OFFICERS", {"limit": FEWEST_OFFICERS})
    for place, (person_id, staff) in enumerate(nominees):
        rules = (
            (person_id not in named[:place], "NAMED_TWICE"),
            (reporter != Party("person", person_id), "REPORTER_MAY_NOT_INSPECT"),
            (staff is None or "grid_worker" not in staff.roles, "GRID_WORKER_MAY_NOT_INSPECT"),
            (staff is not None and staff.may_inspect_for(department), "NOT_A_LICENSED_OFFICER"),
        )
        yield from (Violation(f"officers[{place}]", rule) for holds, rule in rules if not holds)
