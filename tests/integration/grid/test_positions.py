"""Reports with positions through the gateway: where they are filed, who is shown the point, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.client import ApiError, Gateway
from deploy.local.people import People
from services.kernel.coordinates import Point, to_gcj02

# In the generated net of the sample city: the middle of the second grid of 371102001001.
POINT, GRID = Point(35.6098, 118.988), "371102001001002"
VILLAGE, ELSEWHERE = GRID[:12], "371103103202"
RUBBISH = {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": "06010"}
INCIDENTS, LOCATE = "/v1/incidents", "/v1/places:locate"


def position(point: Point = POINT, system: str = "WGS84", **more: Any) -> dict[str, Any]:
    return {**point._asdict(), "system": f"COORDINATE_SYSTEM_{system}", **more}


def file(gateway: Gateway, people: People, **said: Any) -> dict[str, Any]:
    report = {"type": RUBBISH, "description": "巷口垃圾堆放", **said}
    incident: dict[str, Any] = gateway.post(INCIDENTS, {"report": report}, door=people.citizens).body["incident"]
    return incident


@pytest.mark.parametrize("said", [{}, {"region": VILLAGE}, {"region": GRID}])
def test_a_position_decides_the_grid(gateway: Gateway, people: People, said: dict[str, str]) -> None:
    report = file(gateway, people, position=position(accuracyM=8), **said)["report"]
    assert report["region"] == GRID
    assert report["position"] == position(system="CGCS2000", accuracyM=8)


def test_a_position_of_a_map_is_kept_where_it_is_on_the_ground(gateway: Gateway, people: People) -> None:
    report = file(gateway, people, position=position(to_gcj02(POINT), "GCJ02"))["report"]
    kept = report["position"]
    assert (kept["latitude"], kept["longitude"]) == pytest.approx(POINT, abs=1e-8)
    assert (report["region"], kept["system"]) == (GRID, "COORDINATE_SYSTEM_CGCS2000")


def test_the_point_is_for_who_reported_and_who_answers_for_it(gateway: Gateway, people: People) -> None:
    path = f"{INCIDENTS}/{file(gateway, people, position=position())['incidentId']}"
    for door, shown in (
        (people.citizens, True), (people.seat("371102"), True), (people.officer("371102-SCJG"), False),
    ):  # fmt: skip
        report = gateway.get(path, door=door).body["incident"]["report"]
        assert (report["region"], report.get("position") is not None) == (GRID, shown)


def test_a_place_is_told_with_its_names(gateway: Gateway, people: People) -> None:
    query = {f"position.{name}": str(value) for name, value in position().items()}
    place = gateway.get(LOCATE, query, door=people.citizens).body["place"]
    assert {level: each["code"] for level, each in place.items()} == {
        "grid": GRID, "village": VILLAGE, "township": "371102001", "county": "371102",
    }  # fmt: skip
    assert (place["township"]["name"], place["county"]["name"]) == ("日照街道", "东港区")


def violations(refused: ApiError) -> set[tuple[str, str]]:
    assert (refused.http_status, refused.reason, set(refused.texts)) == (400, "INVALID_ARGUMENT", {"zh-CN", "en"})
    return {(field, rule) for field, rule, _ in refused.violations}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {("report.region", "REQUIRED")}),
        ({"position": position(Point(30.0, 119.0))}, {("report.position", "PLACE_OUTSIDE_NET")}),
        ({"position": position(), "region": ELSEWHERE}, {("report.position", "PLACE_ELSEWHERE")}),
        (
            {"position": {"latitude": 99}, "description": ""},
            {
                ("report.description", "REQUIRED"), ("report.position.latitude", "MAXIMUM"),
                ("report.position.longitude", "REQUIRED"), ("report.position.system", "REQUIRED"),
            },
        ),
        (
            {"position": position(Point(30.0, 119.0)), "type": {**RUBBISH, "code": "99999"}},
            {("report.type", "TYPE_UNKNOWN"), ("report.position", "PLACE_OUTSIDE_NET")},
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_position_is_said_with_all_else(
    gateway: Gateway, people: People, said: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    with pytest.raises(ApiError) as refused:
        file(gateway, people, **said)
    assert violations(refused.value) == expected


def test_no_place_is_told_outside_the_net(gateway: Gateway, people: People) -> None:
    query = {f"position.{name}": str(value) for name, value in position(Point(0.0, 0.0)).items()}
    with pytest.raises(ApiError) as refused:
        gateway.get(LOCATE, query, door=people.citizens)
    assert violations(refused.value) == {("position", "PLACE_OUTSIDE_NET")}
