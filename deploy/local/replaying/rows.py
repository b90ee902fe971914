"""The rows: what the published files of Chicago and New York say, in one shape."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from deploy.local.replaying.addresses import block_of, place_of

# Names of the full files (in a folder that the caller has) and of the samples that ship here.
FULL = {"chicago": "chicago_311_sanitation_complaints.csv.gz", "nyc": "nyc311_sample_500.csv"}
SAMPLE = {"chicago": "replay_chicago.csv.gz", "nyc": "replay_nyc.csv.gz"}
SAMPLE_FOLDER = Path(__file__).resolve().parent.parent / "sample"


@dataclass(frozen=True, slots=True)
class Row:
    """One complaint. `block` is the address at block level, `area` the source's own division of the city.

    `place` is the same for complaints and inspections at one address, and empty where that cannot be told.

    The sources give local time without offset, Chicago whole days only; both are read as if they were UTC, which keeps
    their order and their intervals.
    """

    source: str
    number: str
    nature: str
    detail: str
    area: str
    block: str
    created: datetime
    closed: datetime | None
    duplicate: bool
    place: str = ""

    @property
    def key(self) -> str:
        """Name of the row over all sources, such as `chicago/14-02117834`."""
        return f"{self.source}/{self.number}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is not played, and why. `created` is unset where the row could not be read so far."""

    key: str
    reason: str
    created: datetime | None = None


# Turns a source's record into a Row; raises KeyError, ValueError or TypeError on a record that it cannot read.
Parser = Callable[[Mapping[str, str]], Row]


def read(folder: Path | None = None) -> Iterator[Row | LeftOut]:
    """All rows of both sources: the full files of `folder`, or the samples that ship here. OSError: no such file."""
    names = SAMPLE if folder is None else FULL
    for source, parse in (("chicago", parse_chicago), ("nyc", parse_nyc)):
        with opened((folder or SAMPLE_FOLDER) / names[source]) as lines:
            yield from parsed(source, csv.DictReader(lines), parse)


def parsed(source: str, records: Iterable[Mapping[str, str]], parse: Parser) -> Iterator[Row | LeftOut]:
    """Rows from records. A number that came before is the source's own repetition, not a second complaint."""
    seen: set[str] = set()
    for line, record in enumerate(records, start=2):
        try:
            row = parse(record)
        except (KeyError, ValueError, TypeError):
            yield LeftOut(f"{source}/line-{line}", "UNREADABLE")
            continue
        if row.number in seen:
            yield LeftOut(row.key, "REPEATED_IN_SOURCE", row.created)
        elif row.closed is not None and row.closed < row.created:
            yield LeftOut(row.key, "CLOSED_BEFORE_CREATED", row.created)
        else:
            seen.add(row.number)
            yield row


def parse_chicago(record: Mapping[str, str]) -> Row:
    """A row of Chicago's file. Raises KeyError, ValueError, TypeError."""
    return Row(
        source="chicago",
        number=_number(record["Service_Request_Number"]),
        nature=record["What_is_the_Nature_of_this_Code_Violation"].strip(),
        detail="",
        area=record["Community_Area"].partition(".")[0],
        block=block_of(record["Street_Address"]),
        created=moment(record["Creation_Date"]),
        closed=moment(record["Completion_Date"]) if record["Completion_Date"] else None,
        duplicate=record["Status"].endswith("Dup"),
        place=place_in(record, "Street_Address"),
    )


def parse_nyc(record: Mapping[str, str]) -> Row:
    """A row of New York's file. Raises KeyError, ValueError, TypeError."""
    return Row(
        source="nyc",
        number=_number(record["unique_key"]),
        nature=record["complaint_type"].strip(),
        detail=record["descriptor"].strip(),
        area=record["borough"].strip(),
        block=block_of(record["incident_address"]),
        created=moment(record["created_date"]),
        closed=moment(record["closed_date"]) if record["closed_date"] else None,
        duplicate=False,
    )


def _number(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,24}", text):
        raise ValueError("request number")
    return text


def place_in(record: Mapping[str, str], address: str) -> str:
    """Where a record is: the samples name the place that their address was cut from. Raises KeyError."""
    return record["Place"] if "Place" in record else place_of(record[address])


def moment(text: str) -> datetime:
    """A moment of a source, read as if it were UTC. Raises ValueError."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def opened(path: Path) -> TextIO:
    """Open a file of rows, packed or not."""
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")
