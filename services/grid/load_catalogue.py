"""Load a catalogue, from a moment on: `python -m services.grid.load_catalogue <folder> [--from MOMENT] [--dry-run]`.

The folder has the sheets that `services.grid.load` reads, too: `incident_types.csv`, `dispatch_rules.csv` and, if
there, `stages.csv` and `code_mappings.csv`. Working days and shifts are those that are loaded. The same sheets again
change nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from services.chassis.load import in_one_transaction, owner_url
from services.grid.store.calendars import read_calendars
from services.grid.store.catalogue import CatalogueStore
from services.grid.usecases import take_catalogue
from services.grid.wire.sheets import WorkingTime, read_catalogue
from services.kernel import texts
from services.kernel.clock import SystemClock
from services.kernel.errors import Refusal
from services.kernel.paging import instant
from services.kernel.sheets import SheetFaults, Sheets


class Wish(NamedTuple):
    """What the command was asked for; `begin` None: from now on."""

    folder: Path
    begin: datetime | None
    dry_run: bool


def main(arguments: Sequence[str]) -> int:
    """Load the folder named; 1 when its sheets or the moment are not right, 2 when no database is named."""
    wish, url = _wish(arguments), owner_url("grid")
    if not url:
        print("load_catalogue: DATABASE_URL_GRID_OWNER is missing", file=sys.stderr)
        return 2
    try:
        in_one_transaction("grid", url, lambda connection: print(_take(connection, wish)))
    except SheetFaults as error:
        print("\n".join(f"{each}  {each.text('zh-CN')}" for each in error.located), file=sys.stderr)
        return 1
    except Refusal as refusal:
        [violation] = refusal.violations
        print("\n".join(texts.text(violation.rule, language) for language in texts.LANGUAGES), file=sys.stderr)
        return 1
    return 0


def _wish(arguments: Sequence[str]) -> Wish:
    parser = argparse.ArgumentParser(prog="python -m services.grid.load_catalogue", description="Load a catalogue.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="begin", type=instant, help="such as 2027-01-01T00:00:00+08:00; now if not said")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be wrong")
    return Wish(**vars(parser.parse_args(arguments)))


def _take(connection: sa.Connection, wish: Wish) -> str:
    """Take the catalogue, and say what became of it. Raises SheetFaults with everything that is wrong."""
    sheets = Sheets(wish.folder)
    catalogue = read_catalogue(sheets, WorkingTime.of(read_calendars(connection)))
    sheets.demand_right()
    outcome, version = take_catalogue(
        CatalogueStore(connection),
        catalogue,
        effective_from=wish.begin,
        now=SystemClock().now(),
        dry_run=wish.dry_run,
    )
    number = f", version {version.number} from {version.effective_from.isoformat()}" if version else ""
    return f"grid: {outcome.lower()}{number}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
