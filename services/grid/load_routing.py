"""Load routing rules, from a moment on: `python -m services.grid.load_routing <folder> [--from MOMENT] [--dry-run]`.

The folder has `routing_rules.csv` and, if there, `capacities.csv`. Working days and shifts are those that are loaded.
The same sheets again change nothing.
"""

from __future__ import annotations

import sys

import sqlalchemy as sa

from services.grid import load_versions
from services.grid.store.calendars import read_calendars
from services.grid.store.routing import RoutingStore
from services.grid.usecases import take_routing
from services.grid.wire.routing_sheets import read_routing
from services.grid.wire.sheets import WorkingTime
from services.kernel.clock import SystemClock
from services.kernel.sheets import Sheets


def main(arguments: list[str]) -> int:
    """Load the folder named; 1 when its sheets or the moment are not right, 2 when no database is named."""
    return load_versions.main("load_routing", arguments, _take)


def _take(connection: sa.Connection, wish: load_versions.Wish) -> str:
    """Take the rules, and say what became of it. Raises SheetFaults with everything that is wrong."""
    sheets = Sheets(wish.folder)
    said = read_routing(sheets, WorkingTime.of(read_calendars(connection)))
    sheets.demand_right()
    became = take_routing(
        RoutingStore(connection), said, effective_from=wish.begin, now=SystemClock().now(), dry_run=wish.dry_run
    )
    return f"grid: {len(said.rules)} routing rules {load_versions.became(*became)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
