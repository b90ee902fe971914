"""The net of grids as it is read: everything that is wrong with it, said at once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local import net as generator
from services.grid.domain.net import Extent, Fault, UnitGrid, numbering_faults
from services.grid.geometry.net import find, read_net
from services.grid.load import read
from services.kernel import texts
from services.kernel.sheets import SheetFaults
from tests.unit.grid.nets import NEXT_VILLAGE, VILLAGE, box, feature, row, write
from tests.unit.grid.test_load import SAMPLE, folder

KNOWN = {VILLAGE, NEXT_VILLAGE}
FIRST, SECOND, THIRD = (f"{VILLAGE}{n:03}" for n in (1, 2, 3))


def faults(folder: Path, features: list[Any], known: set[str] = KNOWN, **members: Any) -> list[tuple[str, str]]:
    _, found = read_net(write(folder, features, **members), known)
    return [(fault.at, fault.rule) for fault in found]


def test_a_right_net_is_read_with_its_areas(tmp_path: Path) -> None:
    grids, found = read_net(write(tmp_path, row() + row(NEXT_VILLAGE, west=300)), KNOWN)
    assert (len(grids), found) == (6, [])
    assert [grid.area_m2 for grid in grids] == pytest.approx([10_000] * 6, rel=0.001)


def test_borders_that_miss_each_other_by_a_hand_are_right(tmp_path: Path) -> None:
    nearly = [feature(FIRST, box(0, 0, 100.05, 100)), feature(SECOND, box(100, 0, 200, 100))]
    nearly.append(feature(THIRD, box(200.1, 0, 300, 100)))
    assert faults(tmp_path, nearly) == []


BOW_TIE = [(0, 0), (100, 100), (100, 0), (0, 100), (0, 0)]
FLAT = [(0, 0), (50, 0), (100, 0), (0, 0)]
POINT = {"type": "Feature", "properties": {"code": FIRST}, "geometry": {"type": "Point", "coordinates": [119.5, 35.4]}}
SWAPPED = {
    "type": "Feature",
    "properties": {"code": FIRST},
    "geometry": {"type": "Polygon", "coordinates": [[[35, 119], [36, 119], [36, 120], [35, 119]]]},
}


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (POINT, "NET_NO_POLYGON"),
        ({"type": "Feature", "properties": {"code": FIRST}, "geometry": None}, "NET_NO_POLYGON"),
        (feature(FIRST), "NET_NO_POLYGON"),
        (SWAPPED, "NET_COORDINATES"),
        (feature(FIRST, box(0, 0, 100, 100)[:-1]), "NET_NOT_CLOSED"),
        (feature(FIRST, [(0, 0), (100, 0), (0, 0)]), "NET_NOT_CLOSED"),
        (feature(FIRST, BOW_TIE), "NET_INVALID"),
        (feature(FIRST, FLAT), "NET_INVALID"),
        (feature(FIRST, box(0, 0, 100, 100), box(200, 0, 300, 100)), "NET_INVALID"),
        (feature("37110200100101", box(0, 0, 100, 100)), "NET_CODE"),
        (feature("371102001001001x", box(0, 0, 100, 100)), "NET_CODE"),
        (feature(f"{VILLAGE}000", box(0, 0, 100, 100)), "NET_SERIAL"),
        (feature("371102001009001", box(0, 0, 100, 100)), "NET_VILLAGE_UNKNOWN"),
        (feature(FIRST, box(0, 0, 100, 100), box(40, 40, 60, 60)), "NET_GAP"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_grid_by_itself(tmp_path: Path, one: dict[str, Any], rule: str) -> None:
    at = VILLAGE if rule == "NET_GAP" else one["properties"]["code"]
    assert faults(tmp_path, [one]) == [(at, rule)]


@pytest.mark.parametrize("code", [None, 371102001001001, "", "x" * 41])
def test_a_grid_without_a_code_is_named_by_its_place(tmp_path: Path, code: object) -> None:
    assert faults(tmp_path, [feature(code, box(0, 0, 100, 100))]) == [("features[0]", "NET_CODE")]


def test_what_is_no_net_is_said_in_one_word(tmp_path: Path) -> None:
    for raw in (b"", b"[]", b"{}", b"\xff", b'{"type": "Feature"}', b'{"type": "FeatureCollection"}', b"[" * 10**5):
        (tmp_path / "net.geojson").write_bytes(raw)
        assert [fault.rule for fault in read_net(tmp_path / "net.geojson", KNOWN)[1]] == ["NET_UNREADABLE"]
    (tmp_path / "net.geojson.gz").write_bytes(b"no gzip")
    assert [fault.rule for fault in read_net(tmp_path / "net.geojson.gz", KNOWN)[1]] == ["NET_UNREADABLE"]


def test_another_system_is_refused_where_it_is_declared(tmp_path: Path) -> None:
    for name, right in (("urn:ogc:def:crs:EPSG::4490", True), ("urn:ogc:def:crs:EPSG::4214", False), (7, False)):
        crs = {"type": "name", "properties": {"name": name}}
        assert faults(tmp_path, row(), crs=crs) == ([] if right else [("net.geojson", "NET_OTHER_SYSTEM")])


def test_an_overlap_names_both(tmp_path: Path) -> None:
    over = [feature(FIRST, box(0, 0, 100.5, 100)), feature(SECOND, box(100, 0, 200, 100))]
    _, found = read_net(write(tmp_path, over), KNOWN)
    assert found == [Fault(SECOND, "NET_OVERLAP", {"other": FIRST, "tolerance": "0.2"})]


def test_a_code_that_stands_twice_is_no_numbering_of_its_own(tmp_path: Path) -> None:
    twice = [feature(FIRST, box(0, 0, 100, 100)), feature(FIRST, box(0, 100, 100, 200))]
    assert faults(tmp_path, twice) == [(FIRST, "NET_DUPLICATE")]


RING = [
    feature(FIRST, [(0, 0), (0, 300), (300, 300), (300, 200), (100, 200), (100, 0), (0, 0)]),
    feature(SECOND, [(100, 0), (100, 100), (200, 100), (200, 200), (300, 200), (300, 0), (100, 0)]),
]


def test_a_hole_between_grids_is_a_gap_unless_another_village_fills_it(tmp_path: Path) -> None:
    assert faults(tmp_path, RING) == [(VILLAGE, "NET_GAP")]
    assert faults(tmp_path, [*RING, feature(f"{NEXT_VILLAGE}001", box(100, 100, 200, 200))]) == []
    half = feature(f"{NEXT_VILLAGE}001", box(100, 100, 185, 200))
    assert faults(tmp_path, [*RING, half]) == [(VILLAGE, "NET_GAP")], "once, not between the villages too"


PINWHEEL = [box(0, 200, 200, 300), box(200, 100, 300, 300), box(100, 0, 300, 100), box(0, 0, 100, 200)]
"""Four grids around a hole of 100 m by 100 m."""


def test_a_hole_between_villages_is_a_gap_of_the_lowest_region_around_it(tmp_path: Path) -> None:
    for villages, region in (
        ([f"37110200100{n}" for n in (1, 2, 3, 4)], "371102001"),
        (["371102001001", "371102001002", "371102002001", "371102003001"], "371102"),
        (["371102001001", "371102001002", "371103001001", "371103001002"], "371100"),
    ):
        around = [feature(f"{village}001", ring) for village, ring in zip(villages, PINWHEEL, strict=True)]
        assert faults(tmp_path, around, set(villages)) == [(region, "NET_GAP")]
        yet_to_come = {*villages, f"{region.removesuffix('00')}009009"[:12].ljust(12, "9")}
        assert faults(tmp_path, around, yet_to_come) == [], "a village without grids may lie there"


def test_a_strip_between_two_villages_is_a_sliver_where_no_grid_bridges_it(tmp_path: Path) -> None:
    def apart(metres: float, *more: dict[str, Any]) -> list[tuple[str, str]]:
        return faults(tmp_path, [*row(count=1), *row(NEXT_VILLAGE, 1, west=100 + metres), *more])

    assert apart(0.1) == apart(21) == apart(900) == []
    assert apart(0.5) == apart(19) == [(NEXT_VILLAGE, "NET_SLIVER")]
    assert apart(19, feature(SECOND, box(100, 0, 119, 100))) == []


def test_a_net_without_grids_is_no_net(tmp_path: Path) -> None:
    assert faults(tmp_path, []) == [("net.geojson", "NET_EMPTY")]


def test_grids_that_do_not_hang_together_leave_a_gap_unless_they_are_exclaves(tmp_path: Path) -> None:
    apart = [*row(count=2), feature(THIRD, box(200.5, 0, 300, 100))]
    assert faults(tmp_path, apart) == [(VILLAGE, "NET_IN_PIECES")]
    exclave = [*row(count=2), feature(THIRD, box(900, 0, 1000, 100), detached=True)]
    assert faults(tmp_path, exclave) == []


def test_grids_are_numbered_from_west_to_east_and_from_north_to_south(tmp_path: Path) -> None:
    north, south = box(0, 100, 100, 200), box(0, 0, 100, 100)
    assert faults(tmp_path, [feature(FIRST, north), feature(SECOND, south)]) == []
    assert faults(tmp_path, [feature(SECOND, north), feature(FIRST, south)]) == [(SECOND, "NET_NUMBERING")]
    west, east = box(0, 0, 100, 100), box(100, 30, 200, 130)
    assert faults(tmp_path, [feature(FIRST, west), feature(THIRD, east)]) == []
    assert faults(tmp_path, [feature(THIRD, west), feature(FIRST, east)]) == [(THIRD, "NET_NUMBERING")]


EXTENTS = st.builds(
    lambda west, south, width, height: Extent(west, south, west + width, south + height),
    *(st.floats(0, 1000), st.floats(0, 1000)),
    *(st.floats(1, 500), st.floats(1, 500)),
)


@given(EXTENTS, EXTENTS)
def test_of_any_two_grids_one_may_follow_the_other(one: Extent, other: Extent) -> None:
    def misnumbered(first: Extent, second: Extent) -> bool:
        both = zip((FIRST, SECOND), (first, second), strict=True)
        return bool(list(numbering_faults(UnitGrid(code, b"", 1.0, extent) for code, extent in both)))

    assert not (misnumbered(one, other) and misnumbered(other, one))


def test_all_faults_of_all_grids_come_at_once(tmp_path: Path) -> None:
    wrong = [
        feature(FIRST, box(0, 0, 100, 100)),
        feature(SECOND, BOW_TIE),
        feature("371199001001001", box(500, 0, 600, 100)),
        feature(f"{NEXT_VILLAGE}001", box(50, 0, 150, 100)),
        feature(f"{NEXT_VILLAGE}002", box(50, 100, 150, 200)),
        feature(f"{NEXT_VILLAGE}003", box(700, 0, 800, 100)),
    ]
    assert faults(tmp_path, wrong) == [
        (SECOND, "NET_INVALID"),
        ("371199001001001", "NET_VILLAGE_UNKNOWN"),
        (f"{NEXT_VILLAGE}001", "NET_OVERLAP"),
        (NEXT_VILLAGE, "NET_IN_PIECES"),
        (f"{NEXT_VILLAGE}002", "NET_NUMBERING"),
    ]


def test_a_fault_is_said_in_both_languages() -> None:
    said = str(Fault(SECOND, "NET_OVERLAP", {"other": FIRST, "tolerance": "0.2"}))
    assert said == (
        f"{SECOND}: NET_OVERLAP: 与网格 {FIRST} 重叠，深度超过 0.2 米。 Overlaps grid {FIRST} by more than 0.2 m."
    )
    rules = [name for name in texts.names() if name.startswith("NET_")]
    assert len(rules) == 16


def test_the_loader_names_faults_beside_those_of_its_sheets(tmp_path: Path) -> None:
    folder(tmp_path, centres="region,department\n3711,ZHZX\n")
    (tmp_path / "regions.csv").write_text(f"code\n{VILLAGE}\n", "utf-8")
    write(tmp_path, [feature(FIRST, BOW_TIE)])
    with pytest.raises(SheetFaults) as refused:
        read(tmp_path)
    assert refused.value.faults[-2:] == [
        "centres.csv:2: department: must be a department code such as 371102-CGJ",
        f"net.geojson: {FIRST}: The boundary crosses itself or encloses no area.",
    ]


def test_a_folder_without_a_net_has_no_grids(tmp_path: Path) -> None:
    assert read(folder(tmp_path)).grids == []


def test_the_net_of_the_sample_city_is_right_and_made_from_its_regions() -> None:
    path = find(SAMPLE)
    assert path
    villages = generator.villages_of(SAMPLE)
    text = gzip.decompress(path.read_bytes()).decode()
    assert text == generator.geojson(villages), "python -m deploy.local.net"
    assert all(each["properties"]["generated"] for each in json.loads(text)["features"])
    grids, found = read_net(path, set(villages))
    assert (len(grids), found) == (3 * len(villages), [])
