"""What the commands have in common that load sheets as a version, from a moment on; see `load_catalogue`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from services.chassis.load import in_one_transaction, owner_url
from services.grid.domain.catalogue import Outcome, Version
from services.kernel import texts
from services.kernel.errors import Refusal
from services.kernel.paging import instant
from services.kernel.sheets import SheetFaults


class Wish(NamedTuple):
    """What a command was asked for; `begin` None: from now on."""

    folder: Path
    begin: datetime | None
    dry_run: bool


def main(command: str, arguments: Sequence[str], take: Callable[[sa.Connection, Wish], str]) -> int:
    """Have the folder named taken; 1 when its sheets or the moment are not right, 2 when no database is named.

    `take` says what became of it, and raises SheetFaults with everything that is wrong.
    """
    wish, url = _wish(command, arguments), owner_url("grid")
    if not url:
        print(f"{command}: DATABASE_URL_GRID_OWNER is missing", file=sys.stderr)
        return 2
    try:
        in_one_transaction("grid", url, lambda connection: print(take(connection, wish)))
    except SheetFaults as error:
        print("\n".join(f"{each}  {each.text('zh-CN')}" for each in error.located), file=sys.stderr)
        return 1
    except Refusal as refusal:
        [violation] = refusal.violations
        print("\n".join(texts.text(violation.rule, language) for language in texts.LANGUAGES), file=sys.stderr)
        return 1
    return 0


def became(outcome: Outcome, version: Version | None) -> str:
    """What became of it, in words."""
    number = f", version {version.number} from {version.effective_from.isoformat()}" if version else ""
    return f"{outcome.lower()}{number}"


def _wish(command: str, arguments: Sequence[str]) -> Wish:
    parser = argparse.ArgumentParser(prog=f"python -m services.grid.{command}", description="Load a version of rules.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="begin", type=instant, help="such as 2027-01-01T00:00:00+08:00; now if not said")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be wrong")
    return Wish(**vars(parser.parse_args(arguments)))
