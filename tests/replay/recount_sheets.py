"""The sheets of the year's city: those of the sample city, and those that the year has in their place."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

_FOLDERS = (
    Path(__file__).parent / "sample" / "city",
    Path(__file__).resolve().parents[2] / "deploy" / "local" / "sample",
)


@cache
def sheet(name: str) -> list[dict[str, str]]:
    """The lines of a sheet."""
    path = next(folder / name for folder in _FOLDERS if (folder / name).exists())
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
