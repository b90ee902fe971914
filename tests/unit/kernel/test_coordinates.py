"""Conversion of coordinates, held against known points and by properties all over China."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.coordinates import Plane, Point, System, to_cgcs2000, to_gcj02

METRES_A_DEGREE = 111_320.0


def points(south: float, north: float, west: float, east: float) -> st.SearchStrategy[Point]:
    return st.builds(Point, st.floats(south, north), st.floats(west, east))


MAINLAND = points(18.0, 53.6, 73.5, 135.1)
NEAR_RIZHAO = points(35.0, 36.1, 118.4, 119.7)
ABROAD = st.one_of(
    points(-90, 90, -180, 72.0), points(-90, 90, 137.9, 180), points(-90, 0.8, -180, 180), points(55.9, 90, -180, 180)
)


def metres_between(one: Point, other: Point) -> float:
    east = (one.longitude - other.longitude) * math.cos(math.radians(one.latitude))
    return math.hypot(one.latitude - other.latitude, east) * METRES_A_DEGREE


@given(MAINLAND)
def test_there_and_back_is_less_than_half_a_metre(point: Point) -> None:
    back = to_cgcs2000(to_gcj02(point), System.GCJ02)
    assert metres_between(point, back) < 0.001


@given(MAINLAND)
def test_back_and_there_too(shown: Point) -> None:
    assert metres_between(shown, to_gcj02(to_cgcs2000(shown, System.GCJ02))) < 0.001


@given(NEAR_RIZHAO)
def test_maps_displace_rizhao_by_some_hundred_metres(point: Point) -> None:
    assert 300 < metres_between(point, to_gcj02(point)) < 700


@given(ABROAD)
def test_there_is_no_displacement_abroad(point: Point) -> None:
    assert to_gcj02(point) == point
    assert to_cgcs2000(point, System.GCJ02) == point


@pytest.mark.parametrize("system", [System.CGCS2000, System.WGS84])
def test_wgs_84_counts_as_cgcs2000(system: System) -> None:
    point = Point(35.4164, 119.5269)
    assert to_cgcs2000(point, system) == point


def test_the_approximation_is_the_one_that_everybody_uses() -> None:
    # Tiananmen as maps of both kinds show it.
    assert metres_between(to_gcj02(Point(39.907333, 116.391083)), Point(39.908737, 116.397327)) < 1


def test_a_plane_has_the_area_of_the_ellipsoid() -> None:
    plane = Plane(35.5)
    (west, south), (east, north) = plane.metres(Point(-90, -180)), plane.metres(Point(90, 180))
    assert (east - west) * (north - south) / 1e6 == pytest.approx(510_065_621.7, abs=0.1)


@pytest.mark.parametrize(("latitude", "along_meridian"), [(34.5, 110_931.0), (35.5, 110_949.0), (36.5, 110_968.0)])
def test_distances_are_true_in_the_middle_and_nearly_so_around(latitude: float, along_meridian: float) -> None:
    plane, middle = Plane(35.5), Point(latitude, 119.0)
    north = plane.metres(middle._replace(latitude=latitude + 0.001))[1] - plane.metres(middle)[1]
    assert north * 1000 == pytest.approx(along_meridian, rel=0.014 if latitude != 35.5 else 0.0001)
