"""The visits: what Chicago's files say of inspections of food businesses, of their licences and of what was found.

Three files with one row per inspection. Of the licences only number and term are read, and nobody's name.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.local.replaying.rows import SAMPLE_FOLDER, LeftOut, moment, opened, place_in

# Names of the full files and of the samples that ship here.
FULL = {
    "visits": "chicago_food_inspections.csv.gz",
    "licences": "chicago_business_licences_at_inspection.csv.gz",
    "matrix": "chicago_inspection_violations_matrix.csv.gz",
}
SAMPLE = {
    "visits": "replay_inspections.csv.gz",
    "licences": "replay_licences.csv.gz",
    "matrix": "replay_violations.csv.gz",
}
ID = "Inspection_ID"


@dataclass(frozen=True, slots=True)
class Visit:
    """One inspection as it was. `licence` is the number of the business, `found` the matrix columns that are not zero.

    `licensed_since`: when the term of the licence began that was then in force; None when none is on record. Whole
    days, read as if they were UTC.
    """

    number: int
    licence: int
    place: str
    at: datetime
    failed: bool
    found: tuple[str, ...]
    licensed_since: datetime | None = None

    @property
    def key(self) -> str:
        """Name of the visit over all sources, such as `inspection/269961`."""
        return f"inspection/{self.number}"


def read(folder: Path | None = None) -> Iterator[Visit | LeftOut]:
    """All visits: of the full files in `folder`, or of the samples that ship here. OSError: no such file."""
    names = SAMPLE if folder is None else FULL
    where = folder or SAMPLE_FOLDER
    terms = {line[ID]: line["LICENSE_TERM_START_DATE"] for line in _records(where / names["licences"])}
    matrix = {line[ID]: _found(line) for line in _records(where / names["matrix"])}
    for number, record in enumerate(_records(where / names["visits"]), start=2):
        try:
            yield parse(record, terms, matrix)
        except (KeyError, ValueError, TypeError):
            yield LeftOut(f"inspection/line-{number}", "UNREADABLE")


def parse(record: Mapping[str, str], terms: Mapping[str, str], matrix: Mapping[str, tuple[str, ...]]) -> Visit:
    """One visit. Raises KeyError, ValueError, TypeError on a record that cannot be read or that the matrix lacks."""
    since = terms.get(record[ID], "")
    return Visit(
        number=int(float(record[ID])),
        licence=int(float(record["License"])),
        place=place_in(record, "Address"),
        at=moment(record["Inspection_Date"]),
        failed=record["Results"] == "Fail",
        found=matrix[record[ID]],
        licensed_since=moment(since) if since else None,
    )


def _found(line: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(column for column, value in line.items() if column != ID and float(value) > 0)


def _records(path: Path) -> Iterator[dict[str, str]]:
    with opened(path) as lines:
        yield from csv.DictReader(lines)
