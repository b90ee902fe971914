"""The raw rows, read once more, and which is a duplicate of which."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.replay.recount_time import LOCAL

WEEKS = {"chicago": 574, "nyc": 104}


class Raw(NamedTuple):
    """A row as its source has it, moved by whole weeks."""

    key: str
    nature: str
    detail: str
    area: str
    block: str
    created: datetime
    closed: datetime | None
    duplicate: bool

    @property
    def dated(self) -> bool:
        """The source says days alone."""
        return self.key.startswith("chicago/")


def raw_rows(paths: dict[str, Path], keys: set[str]) -> list[Raw]:
    """The rows of these keys, each once, in the order of their dates."""
    found = {row.key: row for source in ("chicago", "nyc") for row in reversed(_rows(source, paths[source]))}
    return sorted((found[key] for key in keys), key=lambda row: (row.created, row.key))


def _rows(source: str, path: Path) -> list[Raw]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as lines:
        return [_chicago(each) if source == "chicago" else _nyc(each) for each in csv.DictReader(lines)]


def _chicago(row: dict[str, str]) -> Raw:
    created, closed = row["Creation_Date"], row["Completion_Date"]
    return Raw(
        f"chicago/{row['Service_Request_Number']}",
        row["What_is_the_Nature_of_this_Code_Violation"].strip(),
        "",
        row["Community_Area"].split(".")[0],
        _block(row["Street_Address"]),
        _moved("chicago", created),
        _moved("chicago", closed) if closed else None,
        row["Status"].endswith("Dup"),
    )


def _nyc(row: dict[str, str]) -> Raw:
    created, closed = row["created_date"], row["closed_date"]
    return Raw(
        f"nyc/{row['unique_key']}",
        row["complaint_type"].strip(),
        row["descriptor"].strip(),
        row["borough"].strip(),
        row["incident_address"],
        _moved("nyc", created),
        _moved("nyc", closed) if closed else None,
        False,
    )


def _moved(source: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL) + timedelta(weeks=WEEKS[source])


def _block(address: str) -> str:
    """Without the last two digits of the house number."""
    number, _, street = " ".join(address.split()).partition(" ")
    return f"{number[:-2]}XX {street}" if number.isdigit() else " ".join(address.split())


def mains_of(rows: Iterable[Raw]) -> dict[str, str]:
    """Of each duplicate the last row of its nature on its block, from a day before, still open, 30 days old at most."""
    alike: dict[tuple[str, str], list[Raw]] = defaultdict(list)
    found = {}
    for row in rows:
        others = alike[row.block, row.nature]
        if not row.duplicate:
            others.append(row)
        for each in others if row.duplicate else []:
            past = (row.created - each.created).days
            if 0 < past <= 30 and (each.closed is None or each.closed > row.created):
                found[row.key] = each.key
    return found
