"""What is wrong with the polygons of a net when they are laid side by side. Metres of one plane throughout."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

import numpy as np
import shapely

from services.grid.domain.net import Fault
from services.grid.geometry.cells import Cell, Polygons, Sheet

TOLERANCE_M = 0.2
"""How far borders of neighbours may miss each other, either way: what digitizing a border twice comes to."""

_SAID = {"tolerance": str(TOLERANCE_M)}


def overlap_faults(cells: Sequence[Cell], sheet: Sheet) -> Iterator[Fault]:
    """Every pair of grids that overlap by more than the tolerance."""
    tree = shapely.STRtree(_grown(sheet.polygons, -TOLERANCE_M / 2))
    for one, other in tree.query(tree.geometries, predicate="intersects").T.tolist():
        if one < other:
            yield Fault(cells[other].code, "NET_OVERLAP", {"other": cells[one].code, **_SAID})


def gap_faults(cells: Sequence[Cell], sheet: Sheet, unknown: Collection[str]) -> Iterator[Fault]:
    """Every village whose grids leave a hole that no other village's grid fills, or do not hang together.

    Of the villages `unknown` a polygon is missing, so that nothing can be said.
    """
    grown = _grown(sheet.polygons, TOLERANCE_M / 2)
    tree = shapely.STRtree(grown)
    order = sorted(range(len(cells)), key=lambda at: cells[at].village)
    for village, places in groupby(order, key=lambda at: cells[at].village):
        of_it = list(places)
        if village in unknown:
            continue
        together = shapely.union_all(grown[of_it])
        if any(not _is_filled(hole, tree) for hole in _holes(together)):
            yield Fault(village, "NET_GAP", _SAID)
        attached = shapely.union_all(grown[[at for at in of_it if not cells[at].detached]])
        if shapely.get_num_geometries(attached) > 1:
            yield Fault(village, "NET_IN_PIECES", _SAID)


def _grown(polygons: Polygons, metres: float) -> Polygons:
    """Every polygon with its border moved outward, corners kept."""
    return np.asarray(shapely.buffer(polygons, metres, join_style="mitre"), dtype=object)


def _holes(shape: shapely.Geometry) -> Iterator[shapely.Polygon]:
    for part in shapely.get_parts(shape):
        yield from (shapely.Polygon(ring) for ring in part.interiors)


def _is_filled(hole: shapely.Polygon, tree: shapely.STRtree) -> bool:
    """Whether grids of whatever village leave nothing of it."""
    around = tree.geometries[tree.query(hole, predicate="intersects")]
    return bool(hole.difference(shapely.union_all(around)).area < TOLERANCE_M**2)
