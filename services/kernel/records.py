"""The records of a CSV file (RFC 4180), read on behind those that are broken."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator


def records(text: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each record with the number of its first line, from 1; None instead of its cells where it is not CSV.

    A quote that is never closed swallows what follows it: after a broken record reading goes on with the line behind
    its first one.
    """
    lines, begin = list(io.StringIO(text, newline="")), 0
    while begin < len(lines):
        start = begin
        reader = csv.reader(map(lines.__getitem__, range(start, len(lines))), strict=True)
        try:
            for cells in reader:
                yield begin + 1, cells
                begin = start + reader.line_num
        except csv.Error:
            yield begin + 1, None
            begin += 1
