"""A grid as a polygon, and the ground as a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from services.grid.domain.net import Extent, UnitGrid
from services.kernel.coordinates import Plane, Point

Polygons = NDArray[np.object_]


class Cell(NamedTuple):
    """A grid of a file: its polygon in degrees, longitude first. `detached` as in `UnitGrid`."""

    code: str
    polygon: shapely.Polygon
    detached: bool = False

    @property
    def village(self) -> str:
        """Code of its village."""
        return self.code[:12]


class Sheet:
    """Polygons spread out on one plane, in metres, that is true in the middle of them."""

    def __init__(self, polygons: Sequence[shapely.Geometry]) -> None:
        degrees: Polygons = np.array(polygons, dtype=object)
        self._plane = Plane(_middle_latitude(degrees) if len(degrees) else 0.0)
        self.polygons: Polygons = shapely.transform(degrees, self._all_metres)

    def metres(self, point: Point) -> tuple[float, float]:
        """A point on the plane."""
        return self._plane.metres(point)

    def _all_metres(self, corners: NDArray[np.float64]) -> NDArray[np.float64]:
        metres = [self._plane.metres(Point(latitude, longitude)) for longitude, latitude in corners.tolist()]
        return np.array(metres).reshape(-1, 2)


def _middle_latitude(degrees: Polygons) -> float:
    _, south, _, north = shapely.total_bounds(degrees).tolist()
    return float(south + north) / 2


def unit_grids(cells: Sequence[Cell], sheet: Sheet) -> list[UnitGrid]:
    """The cells as the domain knows them; `sheet` has their polygons, in the same order."""
    return [_unit_grid(cell, metres) for cell, metres in zip(cells, sheet.polygons, strict=True)]


def _unit_grid(cell: Cell, metres: Any) -> UnitGrid:
    return UnitGrid(cell.code, cell.polygon.wkb, float(metres.area), Extent(*metres.bounds), cell.detached)
