from __future__ import annotations

import pytest

from services.inspection.domain.officers import Nominee
from services.inspection.domain.transitions import InspectionState
from services.kernel.errors import Kind, Refusal
from services.kernel.parties import Party
from tests.unit.inspection import samples
from tests.unit.inspection.samples import (
    BOTH,
    DEPARTMENT,
    GRID_WORKER,
    LIN,
    REPORTER,
    STRANGER,
    ZHANG,
    inspection,
    nominee,
)


def broken(*nominees: Nominee, reporter: Party | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as refused:
        inspection(reporter=reporter).assign(nominees, seen=1, by_department=DEPARTMENT)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID, "INVALID_ARGUMENT")
    return [(violation.field, violation.rule) for violation in refused.value.violations]


def test_two_licensed_officers_of_the_department_inspect() -> None:
    after = inspection().assign(BOTH, seen=1, by_department=DEPARTMENT)
    assert (after.state, after.version, after.officers) == (InspectionState.ASSIGNED, 2, (LIN, ZHANG))


def test_one_officer_is_too_few_also_when_named_twice() -> None:
    assert broken(nominee(LIN)) == [("officers", "TOO_FEW_OFFICERS")]
    assert broken(nominee(LIN), nominee(LIN)) == [("officers", "TOO_FEW_OFFICERS"), ("officers[1]", "NAMED_TWICE")]


@pytest.mark.parametrize(
    "changes",
    [{"active": False}, {"officer_licence": ""}, {"department": "371102-CGJ"}, {"roles": frozenset({"coordinator"})}],
    ids=lambda changes: next(iter(changes)),
)
def test_only_an_active_licensed_officer_of_the_department_may_inspect(changes: dict[str, object]) -> None:
    assert broken(nominee(LIN), nominee(ZHANG, **changes)) == [("officers[1]", "NOT_A_LICENSED_OFFICER")]


def test_everything_that_speaks_against_them_is_said_at_once() -> None:
    worker = nominee(GRID_WORKER, roles=frozenset({"grid_worker", "officer"}))
    reporter = Party("person", REPORTER)
    assert broken(nominee(REPORTER), worker, Nominee(STRANGER, None), worker, reporter=reporter) == [
        ("officers[0]", "REPORTER_MAY_NOT_INSPECT"),
        ("officers[1]", "GRID_WORKER_MAY_NOT_INSPECT"),
        ("officers[2]", "NOT_A_LICENSED_OFFICER"),
        ("officers[3]", "NAMED_TWICE"),
        ("officers[3]", "GRID_WORKER_MAY_NOT_INSPECT"),
    ]


def test_the_grid_worker_who_reported_may_not_inspect_for_both_reasons_and_for_want_of_a_licence() -> None:
    worker = nominee(REPORTER, roles=frozenset({"grid_worker"}), officer_licence="")
    assert broken(*BOTH, worker, reporter=Party("person", REPORTER)) == [
        ("officers[2]", "REPORTER_MAY_NOT_INSPECT"),
        ("officers[2]", "GRID_WORKER_MAY_NOT_INSPECT"),
        ("officers[2]", "NOT_A_LICENSED_OFFICER"),
    ]


@pytest.mark.parametrize("department", [None, "", "371102-CGJ", "371100-SCJG"])
def test_no_other_department_names_them(department: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        inspection().assign(BOTH, seen=1, by_department=department)
    assert (refused.value.kind, refused.value.reason) == (Kind.DENIED, "NOT_THE_HOLDER")


def test_officers_are_replaced_until_the_close_and_those_replaced_may_do_nothing_more() -> None:
    before = samples.rectifying()
    after = before.assign([nominee(ZHANG), nominee(STRANGER)], seen=before.version, by_department=DEPARTMENT)
    assert (after.state, after.rectify_by) == (before.state, before.rectify_by)
    with pytest.raises(Refusal) as refused:
        after.recheck(passed=True, until=None, seen=after.version, by=LIN, now=samples.SOON)
    assert refused.value.reason == "NOT_AN_OFFICER_HERE"
