from __future__ import annotations

from datetime import timedelta

import pytest

from services.inspection.domain.opening import department_for
from services.inspection.domain.reference import IncidentType, is_inspected
from services.kernel.errors import Kind, Refusal
from services.kernel.regions import Region
from tests.unit.fakes import NOW
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
        assert department_for(Region(VILLAGE), bound=bound, by_department=DEPARTMENT, now=NOW) == DEPARTMENT
    whole_city = department_for(Region(ELSEWHERE), bound="3711", by_department="371100-SCJG", now=NOW)
    assert whole_city == "371100-SCJG"


@pytest.mark.parametrize(
    ("region", "bound", "rule"),
    [
        (None, "3711", "REGION_UNKNOWN"),
        (Region(ELSEWHERE), "3711", "REGION_UNKNOWN"),
        (Region(VILLAGE), "371121", "REGION_UNKNOWN"),
        (Region(ELSEWHERE), "371121", "REGION_UNKNOWN"),
        (Region(VILLAGE, valid_until=NOW), "3711", "REGION_CLOSED"),
        (Region(VILLAGE, valid_from=NOW + timedelta(days=1)), "3711", "REGION_CLOSED"),
    ],
)
def test_nobody_inspects_where_there_is_no_region_or_outside_their_own(
    region: Region | None, bound: str, rule: str
) -> None:
    with pytest.raises(Refusal) as refused:
        department_for(region, bound=bound, by_department=DEPARTMENT, now=NOW)
    assert [tuple(each)[:2] for each in refused.value.violations] == [("region", rule)]


@pytest.mark.parametrize("department", [None, ""])
def test_nobody_without_a_department_opens_an_inspection(department: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        department_for(Region(VILLAGE), bound="3711", by_department=department, now=NOW)
    assert (refused.value.kind, refused.value.reason) == (Kind.DENIED, "NO_DEPARTMENT")
