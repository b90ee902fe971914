"""Coordinates on the ground: the systems that they come in, the one that they are kept in, and metres between them.

Positions are kept in CGCS2000 (EPSG:4490), the national system. WGS 84 counts as the same. Their ellipsoids share the
axis of 6,378,137 m; the flattenings, 1:298.257222101 and 1:298.257223563, come to 0.1 mm at the pole. Both frames
follow the ITRF, CGCS2000 as it was at 2000.0 and WGS 84 as it is now: the plate that Rizhao is on has moved 2.9 cm a
year since, 0.8 m by the end of 2026 (Eurasia in the ITRF2014 plate motion model). Phones are right to 3 to 10 m.

GCJ-02 is what map applications in China deliver: displaced by up to 700 m. Its formula is not published. The one here
is the publicly known approximation, which is said to agree with the maps to a metre or two. The displacement has no
inverse in closed form, so that it is found step by step. The approximation knows mainland China as a rectangle, which
takes in some of its neighbours; outside there is no displacement.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple


class System(StrEnum):
    """A coordinate system that a position may come in."""

    CGCS2000 = "CGCS2000"
    WGS84 = "WGS84"
    GCJ02 = "GCJ02"


class Point(NamedTuple):
    """A point on the ground, in degrees: north and east are positive."""

    latitude: float
    longitude: float


LEAST_ACCURACY_M = 2.0
"""What a position is doubtful by at least: CGCS2000 against WGS 84, and GCJ-02 against its approximation."""

_AXIS_M = 6_378_137.0
_FLATTENING = 1 / 298.257222101
_ECCENTRICITY_2 = _FLATTENING * (2 - _FLATTENING)
_ECCENTRICITY = math.sqrt(_ECCENTRICITY_2)

# The approximation of GCJ-02 is written for the ellipsoid of Krasovsky, 1940.
_GCJ_AXIS_M, _GCJ_ECCENTRICITY_2 = 6_378_245.0, 0.00669342162296594323
_GCJ_SOUTH, _GCJ_NORTH, _GCJ_WEST, _GCJ_EAST = 0.8293, 55.8271, 72.004, 137.8347
_STEPS = 30
_CLOSE_ENOUGH = 1e-9
"""Degrees: a tenth of a millimetre."""


def to_cgcs2000(point: Point, system: System) -> Point:
    """The point in CGCS2000; of one in GCJ-02, the point whose displacement leads there."""
    return _undisplaced(point) if system is System.GCJ02 else point


def to_gcj02(point: Point) -> Point:
    """Where the maps show a point of CGCS2000; the point itself outside the rectangle around mainland China."""
    latitude, longitude = point
    if not (_GCJ_SOUTH <= latitude <= _GCJ_NORTH and _GCJ_WEST <= longitude <= _GCJ_EAST):
        return point
    north_m, east_m = _displacement(longitude - 105.0, latitude - 35.0)
    radians = math.radians(latitude)
    curve = 1 - _GCJ_ECCENTRICITY_2 * math.sin(radians) ** 2
    along_meridian = _GCJ_AXIS_M * (1 - _GCJ_ECCENTRICITY_2) / (curve * math.sqrt(curve))
    along_parallel = _GCJ_AXIS_M / math.sqrt(curve) * math.cos(radians)
    return Point(latitude + math.degrees(north_m / along_meridian), longitude + math.degrees(east_m / along_parallel))


def _displacement(x: float, y: float) -> tuple[float, float]:
    """Metres to the north and to the east, by degrees from 105 E, 35 N."""
    waves = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (waves + 20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (waves + 20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    return north, east


def _undisplaced(shown: Point) -> Point:
    """The point that is displaced to `shown`: each step mends the last guess by what it misses."""
    guess = shown
    for _ in range(_STEPS):
        reached = to_gcj02(guess)
        missed = Point(shown.latitude - reached.latitude, shown.longitude - reached.longitude)
        guess = Point(guess.latitude + missed.latitude, guess.longitude + missed.longitude)
        if max(map(abs, missed)) < _CLOSE_ENOUGH:
            break
    return guess


class Plane:
    """The ground around a latitude as a plane in metres: Lambert's cylindrical equal-area projection of CGCS2000.

    Areas are true everywhere; distances are true at the latitude and wrong by 1.3 % a degree away from it.
    """

    def __init__(self, latitude: float) -> None:
        sine, cosine = math.sin(math.radians(latitude)), math.cos(math.radians(latitude))
        self._scale = cosine / math.sqrt(1 - _ECCENTRICITY_2 * sine * sine)

    def metres(self, point: Point) -> tuple[float, float]:
        """East of Greenwich and north of the equator."""
        sine = math.sin(math.radians(point.latitude))
        ratio = math.atanh(_ECCENTRICITY * sine) / _ECCENTRICITY
        q = (1 - _ECCENTRICITY_2) * (sine / (1 - _ECCENTRICITY_2 * sine * sine) + ratio)
        return _AXIS_M * self._scale * math.radians(point.longitude), _AXIS_M * q / (2 * self._scale)
