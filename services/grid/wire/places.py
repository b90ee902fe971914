"""Positions and places: between the contract and the domain. A position is converted here, once, when it comes in."""

from __future__ import annotations

from collections.abc import Mapping

from egov.grid.v1 import places_pb2

from services.grid.domain.places import Position
from services.kernel.coordinates import Point, System, to_cgcs2000

SYSTEMS = {
    places_pb2.COORDINATE_SYSTEM_CGCS2000: System.CGCS2000,
    places_pb2.COORDINATE_SYSTEM_WGS84: System.WGS84,
    places_pb2.COORDINATE_SYSTEM_GCJ02: System.GCJ02,
}
LENGTHS = {"grid": 15, "village": 12, "township": 9, "county": 6}
"""Digits of the code of each region that a place names."""


def position(message: places_pb2.Position) -> Position:
    """A position, from a request, in CGCS2000."""
    point = Point(message.latitude, message.longitude)
    return Position(to_cgcs2000(point, SYSTEMS[message.system]), message.accuracy_m)


def position_message(position: Position | None) -> places_pb2.Position | None:
    """A position, for an answer."""
    if position is None:
        return None
    return places_pb2.Position(
        **position.point._asdict(), system=places_pb2.COORDINATE_SYSTEM_CGCS2000, accuracy_m=position.accuracy_m
    )


def codes_of(grid: str) -> dict[str, str]:
    """The codes of a grid and of what is above it, by the names of a place."""
    return {name: grid[:length] for name, length in LENGTHS.items()}


def place_message(grid: str, names: Mapping[str, str]) -> places_pb2.Place:
    """A place, for an answer; `names` by code."""
    return places_pb2.Place(
        **{level: places_pb2.NamedRegion(code=code, name=names.get(code, "")) for level, code in codes_of(grid).items()}
    )
