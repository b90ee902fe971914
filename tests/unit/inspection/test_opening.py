from __future__ import annotations

import pytest

from services.inspection.domain.opening import department_for
from services.inspection.domain.reference import IncidentType, is_inspected
from services.kernel.errors import Kind, Refusal
from tests.unit.inspection.samples import DEPARTMENT, ELSEWHERE, FOOD, INSPECTED, VILLAGE


def test_the_rules_say_which_incidents_of_which_department_are_inspected() -> None:
    assert is_inspected(FOOD, DEPARTMENT, [INSPECTED])
    assert is_inspected(FOOD, "371100-SCJG", [INSPECTED])
    assert not is_inspected(FOOD, "371102-CGJ", [INSPECTED])
    assert not is_inspected(FOOD._replace(code="91001"), DEPARTMENT, [INSPECTED])
    assert not is_inspected(FOOD._replace(kind="component"), DEPARTMENT, [INSPECTED])
    assert not is_inspected(IncidentType("GB/T 47678.5-2026", "event", "90001"), DEPARTMENT, [INSPECTED])
    assert not is_inspected(FOOD, DEPARTMENT, [])


def test_a_department_inspects_in_its_own_region() -> None:
    for bound in ("371102", "3711", "37"):
        assert department_for(VILLAGE, bound=bound, by_department=DEPARTMENT) == DEPARTMENT
    assert department_for(ELSEWHERE, bound="3711", by_department="371100-SCJG") == "371100-SCJG"


@pytest.mark.parametrize(("region", "bound"), [(ELSEWHERE, "3711"), (VILLAGE, "371121"), (ELSEWHERE, "371121")])
def test_a_region_outside_is_unknown(region: str, bound: str) -> None:
    with pytest.raises(Refusal) as refused:
        department_for(region, bound=bound, by_department=DEPARTMENT)
    assert [tuple(each)[:2] for each in refused.value.violations] == [("region", "REGION_UNKNOWN")]


@pytest.mark.parametrize("department", [None, ""])
def test_nobody_without_a_department_opens_an_inspection(department: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        department_for(VILLAGE, bound="3711", by_department=department)
    assert (refused.value.kind, refused.value.reason) == (Kind.DENIED, "NO_DEPARTMENT")
