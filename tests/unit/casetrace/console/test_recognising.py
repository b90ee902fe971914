from __future__ import annotations

import pytest

from observability.casetrace.console.recognising import MOST_OF_A_KIND, Reading, readings
from observability.casetrace.domain.names import CodeName, Directory

TITLES = {
    "egov.grid.v1.IncidentFiled": ("立案", "Incident filed"),
    "egov.grid.v1.IncidentClosed": ("结案", "Incident closed"),
    "egov.chassis.v1.EventParked": ("事件滞留", "Event parked"),
}
NAMED = (
    CodeName("371102", "东港区", ""),
    CodeName("371103", "岚山区", ""),
    CodeName("371103001", "岚山头街道", ""),
    CodeName("371102-SCJG", "东港区市场监督管理局", "Donggang District Market Supervision Administration"),
    CodeName("371103-SCJG", "岚山区市场监督管理局", "Lanshan District Market Supervision Administration"),
)
CITY = Directory({each.code: each for each in NAMED})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("371102-2026", ["number 371102-2026"]),
        ("371102-20261123-2000427-x", ["number 371102-20261123-2000427-X"]),
        (" 3711 ", ["number 3711"]),
        ("371102", ["number 371102", "region 371102"]),
        ("371102001001", ["region 371102001001"]),
        ("371102-scjg", ["department 371102-SCJG"]),
        ("06010", ["subject 06010"]),
        ("GB/T 47678.5-2026/event/06010", ["subject GB/T 47678.5-2026/event/06010"]),
        ("市场监管", ["department 371102-SCJG", "department 371103-SCJG"]),
        ("岚山区", ["region 371103", "department 371103-SCJG"]),
        ("market supervision", ["department 371102-SCJG", "department 371103-SCJG"]),
        ("立案", ["type egov.grid.v1.IncidentFiled"]),
        ("incidentclosed", ["type egov.grid.v1.IncidentClosed"]),
        ("incident", ["type egov.grid.v1.IncidentFiled", "type egov.grid.v1.IncidentClosed"]),
        ("egov.chassis.v1.EventParked", ["type egov.chassis.v1.EventParked"]),
        ("case_not_found", ["reason CASE_NOT_FOUND"]),
        ("UNAVAILABLE", ["reason UNAVAILABLE"]),
        ("018f3c4e-0000-7000-8000-000000000001", ["about 018f3c4e-0000-7000-8000-000000000001"]),
        ("1.2.156.3005.2.11100000MB0K", ["about 1.2.156.3005.2.11100000MB0K"]),
        ("在办", ["state open"]),
        ("closed", ["type egov.grid.v1.IncidentClosed", "state closed"]),
        ("逾期", ["overdue 1"]),
    ],
)
def test_what_is_typed_is_taken_as_all_that_it_may_be(typed: str, meant: list[str]) -> None:
    assert {f"{kind} {value}" for kind, value in readings(typed, CITY, TITLES)} == set(meant)


@pytest.mark.parametrize("typed", ["", "?", "x", "<script>", "no such thing anywhere"])
def test_what_can_be_nothing_is_taken_as_nothing(typed: str) -> None:
    assert readings(typed, CITY, TITLES) == []


def test_of_many_names_that_fit_the_first_are_taken() -> None:
    many = Directory({f"371102{n:03}": CodeName(f"371102{n:03}", f"{n} 号街道", "") for n in range(100, 130)})
    found = readings("街道", many, TITLES)
    assert found == [Reading("region", f"371102{n}") for n in range(100, 100 + MOST_OF_A_KIND)]
