"""The net in memory: which grid a point lies in, by an R-tree over the polygons. Built once per process and net."""

from __future__ import annotations

from collections.abc import Mapping

import shapely

from services.grid.geometry.cells import Sheet
from services.kernel.coordinates import Point


class NetIndex:
    """One net, for reading by many threads."""

    def __init__(self, boundaries: Mapping[str, bytes]) -> None:
        self._codes = sorted(boundaries)
        self._sheet = Sheet(list(shapely.from_wkb([boundaries[code] for code in self._codes])))
        self._tree = shapely.STRtree(self._sheet.polygons)

    def nearest(self, point: Point, within_m: float, below: str) -> str | None:
        """As `domain.places.Net` says."""
        at = shapely.Point(self._sheet.metres(point))
        inside = self._lowest(self._tree.query(at, predicate="intersects").tolist(), below)
        return inside or self._closest(at, within_m, below)

    def _lowest(self, places: list[int], below: str) -> str | None:
        return min((code for code in map(self._codes.__getitem__, places) if code.startswith(below)), default=None)

    def _closest(self, at: shapely.Point, within_m: float, below: str) -> str | None:
        near = self._tree.query(at, predicate="dwithin", distance=within_m)
        away = shapely.distance(self._tree.geometries[near], at).tolist()
        found = [(metres, self._codes[place]) for metres, place in zip(away, near.tolist(), strict=True)]
        return min((each for each in found if each[1].startswith(below)), default=(0.0, None))[1]
