"""Loading a service's reference data: the command that `python -m services.<name>.load <folder>` is.

The folder is the whole truth. Either all of it is loaded, in one transaction, or nothing and every fault is named.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from services.chassis.database import create_engine
from services.kernel.sheets import SheetFaults

Data = TypeVar("Data")


def main(
    service: str,
    arguments: Sequence[str],
    *,
    read: Callable[[Path], Data],
    save: Callable[[sa.Connection, Data], None],
    counts: Callable[[Data], str],
) -> int:
    """Load the folder named: `read` raises SheetFaults, `save` gets an open transaction, `counts` tells what it was.

    Returns 1 when its sheets are not right, 2 when the folder or the database is not named.
    """
    url = owner_url(service)
    if len(arguments) != 1 or not url:
        key = f"DATABASE_URL_{service.upper()}_OWNER"
        print(f"usage: python -m services.{service}.load <folder>, with {key} set", file=sys.stderr)
        return 2
    try:
        data = read(Path(arguments[0]))
    except SheetFaults as error:
        print(error.spoken, file=sys.stderr)
        return 1
    in_one_transaction(service, url, lambda connection: save(connection, data))
    print(f"{service}: {counts(data)}")
    return 0


def owner_url(service: str) -> str:
    """The database to load into, by its owner's address where there is one; empty when none is named."""
    key = f"DATABASE_URL_{service.upper()}"
    return os.environ.get(f"{key}_OWNER") or os.environ.get(key) or ""


def in_one_transaction(service: str, url: str, save: Callable[[sa.Connection], None]) -> None:
    """Save over a connection of its own, and commit."""
    engine = create_engine(url, application=f"load-{service}", pool_size=1, patience_s=None)
    try:
        with engine.begin() as connection:
            save(connection)
    finally:
        engine.dispose()
