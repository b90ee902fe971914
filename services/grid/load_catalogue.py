"""Load a catalogue, from a moment on: `python -m services.grid.load_catalogue <folder> [--from MOMENT] [--dry-run]`.

The folder has the sheets that `services.grid.load` reads, too: `incident_types.csv`, `dispatch_rules.csv` and, if
there, `stages.csv` and `code_mappings.csv`. Working days and shifts are those that are loaded. The same sheets again
change nothing.
"""

from __future__ import annotations

import sys

import sqlalchemy as sa

from services.grid import load_versions
from services.grid.store.calendars import read_calendars
from services.grid.store.catalogue import CatalogueStore
from services.grid.usecases import take_catalogue
from services.grid.wire.sheets import WorkingTime, read_catalogue
from services.kernel.clock import SystemClock
from services.kernel.sheets import Sheets


def main(arguments: list[str]) -> int:
    """Load the folder named; 1 when its sheets or the moment are not right, 2 when no database is named."""
    return load_versions.main("load_catalogue", arguments, _take)


def _take(connection: sa.Connection, wish: load_versions.Wish) -> str:
    """Take the catalogue, and say what became of it. Raises SheetFaults with everything that is wrong."""
    sheets = Sheets(wish.folder)
    catalogue = read_catalogue(sheets, WorkingTime.of(read_calendars(connection)))
    sheets.demand_right()
    became = take_catalogue(
        CatalogueStore(connection), catalogue, effective_from=wish.begin, now=SystemClock().now(), dry_run=wish.dry_run
    )
    return f"grid: {load_versions.became(*became)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
