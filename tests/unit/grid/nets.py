"""Nets that the tests of places share: small grids of metres around one corner of Rizhao, as GeoJSON and as files."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.kernel.coordinates import Point

VILLAGE, NEXT_VILLAGE = "371102001001", "371102001002"
CORNER = Point(35.4, 119.5)
_NORTH, _EAST = 110_947.0, 111_320.0 * math.cos(math.radians(CORNER.latitude)) * 1.0011

Ring = Sequence[tuple[float, float]]


def at(east: float, north: float) -> Point:
    """The point so many metres from the corner."""
    return Point(CORNER.latitude + north / _NORTH, CORNER.longitude + east / _EAST)


def box(west: float, south: float, east: float, north: float) -> list[tuple[float, float]]:
    """A rectangle as a closed ring, in metres from the corner."""
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def feature(code: object, *rings: Ring, **properties: object) -> dict[str, Any]:
    """A grid with these rings."""
    coordinates = [[[point.longitude, point.latitude] for point in (at(*corner) for corner in ring)] for ring in rings]
    geometry = {"type": "Polygon", "coordinates": coordinates}
    return {"type": "Feature", "properties": {"code": code, **properties}, "geometry": geometry}


def row(village: str = VILLAGE, count: int = 3, *, west: float = 0.0, width: float = 100.0) -> list[dict[str, Any]]:
    """Grids of 100 m by 100 m side by side, numbered from the west."""
    return [
        feature(f"{village}{n + 1:03}", box(west + n * width, 0, west + (n + 1) * width, 100)) for n in range(count)
    ]


def write(folder: Path, features: Sequence[Any], **members: Any) -> Path:
    """The net as the file of a folder."""
    path = folder / "net.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features), **members}), "utf-8")
    return path
