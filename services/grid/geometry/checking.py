"""What is wrong with the polygons of a net when they are laid side by side. Metres of one plane throughout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import shapely

from services.grid.domain.net import Fault, Villages, lowest_common, region_code
from services.grid.geometry.cells import Cell, Polygons, Sheet

TOLERANCE_M = 0.2
"""How far borders of neighbours may miss each other, either way: what digitizing a border twice comes to."""
SLIVER_M = 20.0
"""A strip between two villages that is narrower is no ground of its own, even where it is open at its ends."""

_SAID = {"tolerance": str(TOLERANCE_M)}


def overlap_faults(cells: Sequence[Cell], sheet: Sheet) -> Iterator[Fault]:
    """Every pair of grids that overlap by more than the tolerance."""
    tree = shapely.STRtree(_grown(sheet.polygons, -TOLERANCE_M / 2))
    for one, other in tree.query(tree.geometries, predicate="intersects").T.tolist():
        if one < other:
            yield Fault(cells[other].code, "NET_OVERLAP", {"other": cells[one].code, **_SAID})


def gap_faults(cells: Sequence[Cell], sheet: Sheet, villages: Villages) -> Iterator[Fault]:
    """Every village or region above it whose grids leave a hole, do not hang together, or leave a sliver open.

    Where a village has no grids yet, or a polygon is missing, the hole may be its: nothing is said.
    """
    return _Gaps(cells, sheet.polygons, villages).faults()


class _Gaps:
    """The ground that a net leaves open."""

    def __init__(self, cells: Sequence[Cell], polygons: Polygons, villages: Villages) -> None:
        self._cells, self._polygons, self._villages = cells, polygons, villages
        self._grown = _grown(polygons, TOLERANCE_M / 2)
        self._tree = shapely.STRtree(self._grown)
        self._told: list[shapely.Polygon] = []
        """Holes that were named already: what lies in one is not named again."""

    def faults(self) -> Iterator[Fault]:
        """All of it; first what is inside a village."""
        order = sorted(range(len(self._cells)), key=lambda at: self._cells[at].village)
        for village, places in groupby(order, key=lambda at: self._cells[at].village):
            if self._villages.whole(village):
                yield from self._inside(village, list(places))
        yield from self._between()
        yield from self._slivers()

    def _inside(self, village: str, places: list[int]) -> Iterator[Fault]:
        unfilled = [hole for hole in _holes(self._grown[places]) if not self._is_filled(hole)]
        if unfilled:
            self._told += unfilled
            yield Fault(village, "NET_GAP", _SAID)
        attached = shapely.union_all(self._grown[[at for at in places if not self._cells[at].detached]])
        if shapely.get_num_geometries(attached) > 1:
            yield Fault(village, "NET_IN_PIECES", _SAID)

    def _between(self) -> Iterator[Fault]:
        """The lowest region around holes that several villages enclose, once."""
        regions: set[str] = set()
        for hole in _holes(self._grown):
            around = {self._cells[at].village for at in self._tree.query(hole, predicate="intersects")}
            region = lowest_common(around)
            if self._villages.whole(region) and len(around) > 1 and not self._is_told(hole):
                self._told.append(hole)
                regions.add(region)
        yield from (Fault(region_code(each), "NET_GAP", _SAID) for each in sorted(regions))

    def _slivers(self) -> Iterator[Fault]:
        """Every two villages that a strip narrower than SLIVER_M keeps apart, where no grid bridges it."""
        polygons = self._polygons
        pairs: set[tuple[str, str]] = set()
        near = shapely.STRtree(polygons).query(polygons, predicate="dwithin", distance=SLIVER_M)
        for one, other in near[:, shapely.distance(*polygons[near]) > TOLERANCE_M].T.tolist():
            pair = self._cells[one].village, self._cells[other].village
            across = shapely.shortest_line(polygons[one], polygons[other])
            if pair[0] < pair[1] and not self._is_bridged(across) and not self._is_told(across):
                pairs.add(pair)
        said = {"width": str(int(SLIVER_M))}
        yield from (Fault(latter, "NET_SLIVER", {"other": former, **said}) for former, latter in sorted(pairs))

    def _is_filled(self, hole: shapely.Polygon) -> bool:
        """Whether grids of whatever village leave nothing of it."""
        return bool(hole.difference(self._grids_at(hole)).area < TOLERANCE_M**2)

    def _is_bridged(self, across: shapely.LineString) -> bool:
        """Whether grids lie under all of it."""
        return bool(across.difference(self._grids_at(across)).length < TOLERANCE_M)

    def _grids_at(self, shape: shapely.Geometry) -> shapely.Geometry:
        return shapely.union_all(self._grown[self._tree.query(shape, predicate="intersects")])

    def _is_told(self, shape: shapely.Geometry) -> bool:
        return any(hole.contains(shapely.point_on_surface(shape)) for hole in self._told)


def _grown(polygons: Polygons, metres: float) -> Polygons:
    """Every polygon with its border moved outward, corners kept."""
    return np.asarray(shapely.buffer(polygons, metres, join_style="mitre"), dtype=object)


def _holes(polygons: Polygons) -> Iterator[shapely.Polygon]:
    """What all of them together enclose and leave open."""
    for part in shapely.get_parts(shapely.union_all(polygons)):
        yield from (shapely.Polygon(ring) for ring in part.interiors)
