"""Departments' own numbers: under which a department keeps an incident in its own system."""

from __future__ import annotations

from typing import NamedTuple

from services.kernel import texts
from services.kernel.errors import Refusal, exists, failed_state

texts.register(
    {
        "DEPARTMENT_NUMBER_TAKEN": (
            "该编号已用于本部门的另一事件。",
            "The department has this number for another incident already.",
        ),
        "DEPARTMENT_NUMBER_SET": (
            "本部门对该事件已有另一编号，如需更换，请注明被替换的编号。",
            "The department has another number for this incident; say which one it replaces.",
        ),
    }
)


class DepartmentNumber(NamedTuple):
    """A department's number for an incident."""

    department: str
    number: str


def demand_replaceable(kept: str, replaces: str) -> None:
    """Refuse to put a number in place of one that the caller did not name. `kept`: the one there is, empty: none.

    Raises Refusal DEPARTMENT_NUMBER_SET, also where the one named is not the one there is.
    """
    if kept != replaces:
        raise failed_state("DEPARTMENT_NUMBER_SET")


def taken() -> Refusal:
    """The refusal of a number that another incident has."""
    return exists("DEPARTMENT_NUMBER_TAKEN")
