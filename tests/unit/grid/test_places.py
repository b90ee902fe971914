"""Where a report is filed because of its position."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest
import shapely
from egov.grid.v1 import incidents_pb2, places_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.grid.domain.places import Position, grid_of
from services.grid.domain.reports import Report, check_report, placed
from services.grid.geometry.index import NetIndex
from services.grid.geometry.keeping import KeptNet, NetKeeper
from services.grid.wire import messages, places
from services.kernel.coordinates import Point, to_gcj02
from services.kernel.errors import Refusal
from services.kernel.parties import Party
from services.kernel.regions import Region
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.nets import NEXT_VILLAGE, VILLAGE, at, feature, row
from tests.unit.grid.samples import CENTRE, DEPARTMENT, REPORTER, report


class Source:
    """A net in memory, and how often it was read."""

    def __init__(self, *features: dict[str, object]) -> None:
        self.features = features
        self.name = "first"
        self.read = 0

    def version(self) -> str:
        return self.name

    def boundaries(self) -> dict[str, bytes]:
        self.read += 1
        return {
            each["properties"]["code"]: shapely.Polygon(*each["geometry"]["coordinates"]).wkb  # type: ignore[index]
            for each in self.features
        }


FOUR = Source(*row(count=2), *row(NEXT_VILLAGE, 2, west=200))
NET = KeptNet(NetKeeper(), FOUR)
G1, G2, G3, G4 = (f"{village}{n:03}" for village in (VILLAGE, NEXT_VILLAGE) for n in (1, 2))


def seen(east: float, north: float = 50, *, region: str = "", accuracy_m: float = 0) -> Report:
    return placed(report(region=region, position=Position(at(east, north), accuracy_m)), NET)


def where(said: Report) -> tuple[str, str]:
    return said.region, said.misplaced


def test_a_report_without_a_position_is_filed_where_it_says() -> None:
    assert placed(report(region=G1), NET) == report(region=G1)


@pytest.mark.parametrize(("east", "grid"), [(1, G1), (99, G1), (101, G2), (199, G2), (201, G3), (399, G4)])
def test_a_position_finds_its_grid(east: float, grid: str) -> None:
    assert where(seen(east)) == (grid, "")
    assert where(seen(east, region=grid[:12])) == (grid, "")
    assert where(seen(east, region=grid)) == (grid, "")


def test_on_a_border_the_lowest_code_counts_unless_the_other_is_named() -> None:
    assert where(seen(200)) == (G2, "")
    assert where(seen(200, region=NEXT_VILLAGE)) == (G3, "")


def test_a_position_outside_the_net_is_nowhere() -> None:
    assert where(seen(-3)) == ("", "PLACE_OUTSIDE_NET")
    assert where(seen(-3, region=VILLAGE)) == (VILLAGE, "PLACE_OUTSIDE_NET")
    assert where(seen(-3, accuracy_m=4)) == (G1, "")


def test_a_position_is_to_lie_where_the_report_says() -> None:
    assert where(seen(50, region=NEXT_VILLAGE)) == (NEXT_VILLAGE, "PLACE_ELSEWHERE")
    assert where(seen(50, region=G2)) == (G2, "PLACE_ELSEWHERE")


def test_within_its_accuracy_of_the_border_who_reported_knows_better() -> None:
    assert where(seen(190, region=NEXT_VILLAGE, accuracy_m=9)) == (NEXT_VILLAGE, "PLACE_ELSEWHERE")
    assert where(seen(190, region=NEXT_VILLAGE, accuracy_m=11)) == (G3, "")
    assert where(seen(199, region=NEXT_VILLAGE)) == (G3, "")


def test_where_no_net_was_loaded_every_position_is_outside() -> None:
    nothing = KeptNet(NetKeeper(), Source())
    with pytest.raises(Refusal) as refused:
        grid_of(Position(at(50, 50)), nothing)
    assert [tuple(each)[:2] for each in refused.value.violations] == [("position", "PLACE_OUTSIDE_NET")]


def violations(said: Report, region: Region | None, bound: str = "3711") -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as refused:
        check_report(said, type_in_force=False, region=region, centre=None, bound=bound, now=NOW)
    return [(each.field, each.rule) for each in refused.value.violations]


def test_a_position_that_is_wrong_is_said_with_all_else() -> None:
    unknown = ("report.type", "TYPE_UNKNOWN")
    assert violations(seen(-9), None) == [unknown, ("report.position", "PLACE_OUTSIDE_NET")]
    assert violations(seen(50, region=NEXT_VILLAGE), None) == [
        unknown, ("report.position", "PLACE_ELSEWHERE"), ("report.region", "REGION_UNKNOWN"),
    ]  # fmt: skip


def test_a_grid_is_in_the_callers_region_by_its_own_code() -> None:
    said = seen(50)
    assert (said.registered_region, report(region=G1).registered_region) == (VILLAGE, G1)
    check_report(said, type_in_force=True, region=Region(VILLAGE), centre=CENTRE, bound=G1, now=NOW)
    assert ("report.region", "REGION_UNKNOWN") in violations(said, Region(VILLAGE), bound=G2)


@given(st.floats(-150, 550), st.floats(-150, 250), st.floats(0, 200), st.sampled_from(["", VILLAGE, G4]))
def test_the_index_finds_what_looking_at_every_grid_finds(east: float, north: float, within: float, below: str) -> None:
    def metres_to(west: float) -> float:
        outside = (max(west - east, 0, east - west - 100), max(-north, 0, north - 100))
        return float(shapely.Point(0, 0).distance(shapely.Point(outside)))

    every = {code: metres_to(n * 100.0) for n, code in enumerate((G1, G2, G3, G4)) if code.startswith(below)}
    metres = min(every.values())
    found = NET.nearest(at(east, north), within, below)
    # The plane and the flat corner of the tests agree to a thousandth.
    if abs(metres - within) > 1:
        assert (found is not None) == (metres < within)
    assert found is None or every[found] <= metres + 1


def test_the_net_is_read_once_and_again_when_another_is_in_force() -> None:
    source = Source(*row())
    net = KeptNet(NetKeeper(), source)
    for _ in range(3):
        assert net.nearest(at(150, 50), 1) == f"{VILLAGE}002"
    assert source.read == 1
    source.features, source.name = (feature(G4, [(0, 0), (300, 0), (300, 100), (0, 0)]),), "second"
    assert net.nearest(at(150, 20), 1) == G4
    assert source.read == 2


def test_a_look_among_twenty_thousand_grids_takes_well_under_a_millisecond() -> None:
    side, degree = 141, 0.005
    squares = {
        f"371102{n:09}": shapely.box(119 + x * degree, 35 + y * degree, 119 + (x + 1) * degree, 35 + (y + 1) * degree)
        for n, (x, y) in enumerate((x, y) for y in range(side) for x in range(side))
    }
    index = NetIndex({code: square.wkb for code, square in squares.items()})
    began = process_time()
    for n in range(1000):
        assert index.nearest(Point(35.0001 + n * 0.0007, 119.3501), 2, "")
    assert process_time() - began < 0.5


def test_an_empty_net_has_nothing() -> None:
    assert NetIndex({}).nearest(at(0, 0), 10_000, "") is None


# Positions of the contract


def sent(point: Point, system: places_pb2.CoordinateSystem.ValueType) -> places_pb2.Position:
    return places_pb2.Position(latitude=point.latitude, longitude=point.longitude, system=system, accuracy_m=12)


def test_a_position_of_a_map_is_kept_where_it_is_on_the_ground() -> None:
    point = at(150, 50)
    came = places.position(sent(to_gcj02(point), places_pb2.COORDINATE_SYSTEM_GCJ02))
    assert came.point == pytest.approx(point, abs=1e-8)
    answer = places.position_message(came)
    assert answer and answer.system == places_pb2.COORDINATE_SYSTEM_CGCS2000
    assert answer.accuracy_m == 12
    for system in (places_pb2.COORDINATE_SYSTEM_CGCS2000, places_pb2.COORDINATE_SYSTEM_WGS84):
        assert places.position(sent(point, system)).point == point


def test_a_report_without_a_position_has_none() -> None:
    message = incidents_pb2.Report(type=incidents_pb2.IncidentTypeKey(kind=incidents_pb2.INCIDENT_KIND_EVENT))
    assert messages.report(message, NOW).position is None
    assert not messages.incident_message(samples.incident(), CENTRE).report.HasField("position")


def test_the_position_is_for_who_reported_and_who_answers_for_it() -> None:
    incident = samples.dispatched(position=Position(at(50, 50)))
    other = Party("person", "somebody")
    for department, party, shown in (
        (CENTRE, other, True), (DEPARTMENT, other, True), ("371102-HBJ", other, False), (None, other, False),
        (None, REPORTER, True), ("371102-HBJ", REPORTER, True), (None, None, False),
    ):  # fmt: skip
        assert messages.incident_message(incident, department, party).report.HasField("position") == shown
    assert messages.incident_message(incident, None).report.region == incident.report.region


def test_a_position_shows_in_no_repr() -> None:
    incident = replace(samples.incident(), report=report(position=Position(Point(35.123456, 119.654321))))
    assert "35.12" not in repr(incident)
    assert "35.12" not in repr(incident.report.position)


def test_a_place_names_every_level_and_leaves_out_what_nobody_registered() -> None:
    message = places.place_message(G1, {VILLAGE: "东关社区", "371102": "东港区"})
    assert (message.grid.code, message.grid.name) == (G1, "")
    assert (message.village.name, message.township.code, message.county.name) == ("东关社区", "371102001", "东港区")
