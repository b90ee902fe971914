"""What the commands have in common that load sheets as a version, from a moment on; see `load_catalogue`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import sqlalchemy as sa

from services.chassis.load import in_one_transaction, owner_url
from services.grid.domain.calendars import WorkingTime
from services.grid.domain.departments import Departments
from services.grid.domain.versions import Outcome, Version, Versioned
from services.grid.store.calendars import read_calendars
from services.grid.store.reference import ReferenceStore
from services.grid.store.versions import VersionStore
from services.grid.usecases import take_version
from services.kernel import texts
from services.kernel.clock import SystemClock
from services.kernel.errors import Refusal
from services.kernel.paging import instant
from services.kernel.sheets import SheetFaults, Sheets

Said = TypeVar("Said", bound=Versioned)


class Loaded(NamedTuple, Generic[Said]):
    """What a command loads: `read` from sheets, noting their faults, into `store`; `counted` is said of it."""

    command: str
    read: Callable[[Sheets, WorkingTime, Departments], Said]
    store: Callable[[sa.Connection], VersionStore[Said]]
    counted: Callable[[Said], str]


class Wish(NamedTuple):
    """What a command was asked for; `begin` None: from now on."""

    folder: Path
    begin: datetime | None
    dry_run: bool


def main(loaded: Loaded[Said], arguments: Sequence[str]) -> int:
    """Have the folder named taken; 1 when its sheets or the moment are not right, 2 when no database is named."""
    wish, url = _wish(loaded.command, arguments), owner_url("grid")
    if not url:
        print(f"{loaded.command}: DATABASE_URL_GRID_OWNER is missing", file=sys.stderr)
        return 2
    try:
        in_one_transaction("grid", url, partial(_take, loaded, wish))
    except SheetFaults as error:
        print(error.spoken, file=sys.stderr)
        return 1
    except Refusal as refusal:
        [violation] = refusal.violations
        print("\n".join(texts.text(violation.rule, language) for language in texts.LANGUAGES), file=sys.stderr)
        return 1
    return 0


def _take(loaded: Loaded[Said], wish: Wish, connection: sa.Connection) -> None:
    """Take it, and say what became of it. Raises SheetFaults with everything that is wrong."""
    sheets = Sheets(wish.folder)
    departments = ReferenceStore(connection).departments()
    said = loaded.read(sheets, WorkingTime.of(read_calendars(connection)), departments)
    sheets.demand_right()
    outcome, version = take_version(
        loaded.store(connection), said, effective_from=wish.begin, now=SystemClock().now(), dry_run=wish.dry_run
    )
    print(f"grid: {loaded.counted(said)}{_became(outcome, version)}")


def _became(outcome: Outcome, version: Version | None) -> str:
    number = f", version {version.number} from {version.effective_from.isoformat()}" if version else ""
    return f"{outcome.lower()}{number}"


def _wish(command: str, arguments: Sequence[str]) -> Wish:
    parser = argparse.ArgumentParser(prog=f"python -m services.grid.{command}", description="Load a version of rules.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="begin", type=instant, help="such as 2027-01-01T00:00:00+08:00; now if not said")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be wrong")
    return Wish(**vars(parser.parse_args(arguments)))
