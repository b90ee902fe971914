"""The ground around a point."""

from __future__ import annotations

import pytest

from services.grid.domain.search import Circle
from services.kernel.coordinates import Plane, Point


@pytest.mark.parametrize("latitude", [0.0, 35.4, -60.0])
def test_the_box_around_a_circle_is_as_wide_and_as_high_as_it(latitude: float) -> None:
    low, high = Circle(Point(latitude, 119.5), 2000).corners
    plane = Plane(latitude)
    (west, south), (east, north) = plane.metres(low), plane.metres(high)
    assert east - west == pytest.approx(4000, rel=0.01)
    assert north - south == pytest.approx(4000, rel=0.01)
