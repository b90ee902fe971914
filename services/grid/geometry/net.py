"""The net of a folder: read, checked in every way there is, and told as grids of the domain."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from services.grid.domain.net import Fault, UnitGrid, Villages, code_faults, numbering_faults
from services.grid.geometry import geojson
from services.grid.geometry.cells import Sheet, unit_grids
from services.grid.geometry.checking import gap_faults, overlap_faults

FILE = "net.geojson"


def find(folder: Path) -> Path | None:
    """The file of the folder's net, as it is or compressed; None when it has none."""
    return next((path for path in (folder / FILE, folder / f"{FILE}.gz") if path.exists()), None)


def read_net(path: Path, regions: Collection[str]) -> tuple[list[UnitGrid], list[Fault]]:
    """The grids of the file, and everything that is wrong with them; grids with a fault are no use.

    `regions` are the codes that grids may lie below. Grids are compared with one another as far as their polygons are
    right: where a village lacks one, or has no grids yet, gaps are not looked for.
    """
    cells, codes, faults = geojson.read(path)
    faults += code_faults(codes, regions)
    sheet = Sheet([cell.polygon for cell in cells])
    grids = unit_grids(cells, sheet)
    villages = Villages(regions, codes, (cell.code for cell in cells))
    faults += overlap_faults(cells, sheet)
    faults += gap_faults(cells, sheet, villages)
    faults += numbering_faults(grids)
    return grids, faults
