"""Which rows are played, and when in the simulated year they happen.

A source's rows are moved by whole weeks, so that a Monday stays a Monday: Chicago's 2014 becomes 2025, to the day, and
New York's day in December 2023 one in December 2025. Whole blocks are taken, in the order of a hash, until there are
enough rows: so duplicates come with what they are duplicates of. New York's, which are few, are half of them at most.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from deploy.local.replaying import rows
from deploy.local.replaying.mapping import Atlas, Mapped
from deploy.local.replaying.rows import LeftOut, Row
from services.kernel.clock import SHANGHAI

MOVED = {"chicago": timedelta(weeks=574), "nyc": timedelta(weeks=104)}
BEGIN = datetime(2025, 1, 1, tzinfo=SHANGHAI)
END = datetime(2026, 1, 1, tzinfo=SHANGHAI)
SAMPLE = Path(__file__).parent / "sample" / "chicago_2014.csv.gz"


class Year(NamedTuple):
    """What is played, by when it was reported, and how many rows are not, by reason."""

    rows: list[Mapped]
    left_out: Counter[str]


def read(folder: Path | None) -> Iterator[Row | LeftOut]:
    """The rows of both sources: of the full files in a folder, or of the samples that ship here."""
    if folder is not None:
        yield from rows.read(folder)
        return
    for source, parse, path in (
        ("chicago", rows.parse_chicago, SAMPLE),
        ("nyc", rows.parse_nyc, rows.SAMPLE_FOLDER / rows.SAMPLE["nyc"]),
    ):
        with rows.opened(path) as lines:
            yield from rows.parsed(source, csv.DictReader(lines), parse)


def year_of(found: Iterable[Row | LeftOut], atlas: Atlas, limit: int) -> Year:
    """The rows of the simulated year, about `limit` of them."""
    left_out: Counter[str] = Counter()
    mapped: list[Mapped] = []
    for each in found:
        placed = atlas.place(moved(each)) if isinstance(each, Row) else each
        if isinstance(placed, LeftOut):
            left_out[placed.reason] += 1
        elif BEGIN <= placed.row.created < END:
            mapped.append(placed)
        else:
            left_out["ANOTHER_YEAR"] += 1
    taken = _whole_blocks(mapped, limit)
    left_out["NOT_TAKEN"] = len(mapped) - len(taken)
    return Year(sorted(taken, key=lambda each: (each.row.created, each.row.key)), +left_out)


def moved(row: Row) -> Row:
    """The row in the simulated year, its local time read as the city's."""
    by = MOVED[row.source]
    local = replace(row, created=row.created.replace(tzinfo=SHANGHAI) + by)
    return replace(local, closed=row.closed.replace(tzinfo=SHANGHAI) + by) if row.closed else local


def block_key(row: Row) -> str:
    """The block that a row happened on."""
    return f"{row.source}/{row.block}"


def _whole_blocks(mapped: Iterable[Mapped], limit: int) -> list[Mapped]:
    blocks: dict[str, list[Mapped]] = defaultdict(list)
    for each in mapped:
        blocks[block_key(each.row)].append(each)
    ordered = sorted(blocks, key=lambda each: hashlib.sha256(each.encode()).digest())
    small = _until([blocks[each] for each in ordered if each.startswith("nyc/")], limit // 2)
    return _until([small, *(blocks[each] for each in ordered if not each.startswith("nyc/"))], limit)


def _until(blocks: Iterable[list[Mapped]], limit: int) -> list[Mapped]:
    """One block after the other until there are so many rows."""
    taken: list[Mapped] = []
    for block in blocks:
        if len(taken) >= limit:
            break
        taken += block
    return taken
