"""A net as a file of GeoJSON (RFC 7946): a FeatureCollection, one Polygon for each grid, its code in `properties.code`.

A grid that is an exclave of its village has `properties.detached` true. Other properties are not looked at. Longitude
comes first; heights are left out.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shapely

from services.grid.domain.net import Fault
from services.grid.geometry.cells import Cell

# Names of a system that older tools declare, by how they end; all are read with longitude first.
_SYSTEMS = ("CRS84", ":4490", ":4326")


def read(path: Path) -> tuple[list[Cell], list[str], list[Fault]]:
    """The cells whose polygon is right, the codes of all features, and what is wrong with the other ones."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        collection = json.loads(raw)
        features = collection["features"] if collection["type"] == "FeatureCollection" else None
    except (ValueError, KeyError, TypeError, RecursionError, EOFError, gzip.BadGzipFile):
        features, collection = None, {}
    if not isinstance(features, list):
        return [], [], [Fault(path.name, "NET_UNREADABLE")]
    faults = [] if _system_fits(collection.get("crs")) else [Fault(path.name, "NET_OTHER_SYSTEM")]
    if not features:
        faults.append(Fault(path.name, "NET_EMPTY"))
    cells, codes = [], []
    for number, feature in enumerate(features):
        code = _code(feature, number)
        codes.append(code)
        rings = _member(_member(feature, "geometry"), "coordinates")
        if broken := _rule_broken_by(_member(_member(feature, "geometry"), "type"), rings):
            faults.append(Fault(code, broken))
        else:
            cells.append(Cell(code, _polygon(rings), _member(_member(feature, "properties"), "detached") is True))
    return cells, codes, faults


def _member(each: Any, name: str) -> Any:
    return each.get(name) if isinstance(each, dict) else None


def _code(feature: Any, number: int) -> str:
    """The feature's code; its place in the file when it has none."""
    code = _member(_member(feature, "properties"), "code")
    return code if isinstance(code, str) and code.isprintable() and 0 < len(code) <= 40 else f"features[{number}]"


def _system_fits(declared: Any) -> bool:
    name = _member(_member(declared, "properties"), "name")
    return declared is None or (isinstance(name, str) and name.endswith(_SYSTEMS))


def _rule_broken_by(kind: Any, rings: Any) -> str | None:
    """The first rule that a feature's geometry breaks by itself."""
    if kind != "Polygon" or not isinstance(rings, list) or not rings:
        return "NET_NO_POLYGON"
    if not all(isinstance(ring, list) and all(map(_is_position, ring)) for ring in rings):
        return "NET_COORDINATES"
    if not all(len(ring) >= 4 and ring[0][:2] == ring[-1][:2] for ring in rings):
        return "NET_NOT_CLOSED"
    polygon = _polygon(rings)
    return None if polygon.is_valid and polygon.area > 0 else "NET_INVALID"


def _is_position(position: Any) -> bool:
    return isinstance(position, list) and len(position) >= 2 and _within(position[0], 180) and _within(position[1], 90)


def _within(degrees: Any, most: int) -> bool:
    return type(degrees) in (int, float) and math.isfinite(degrees) and abs(degrees) <= most


def _polygon(rings: Sequence[Sequence[Sequence[float]]]) -> shapely.Polygon:
    shell, *holes = [[(position[0], position[1]) for position in ring] for ring in rings]
    return shapely.Polygon(shell, holes)
