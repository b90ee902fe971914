"""Cut the samples that ship here from the full files: `python -m deploy.local.replaying.cut FOLDER`.

Chicago's newest 2,000 complaints and all of the New York sample; only the columns that the replay reads; addresses at
block level. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.replaying.rows import FULL, SAMPLE, SAMPLE_FOLDER, block_of, opened

CHICAGO_ROWS = 2_000
COLUMNS = {
    "chicago": (
        "Creation_Date", "Status", "Completion_Date", "Service_Request_Number",
        "What_is_the_Nature_of_this_Code_Violation", "Street_Address", "Community_Area",
    ),
    "nyc": (
        "unique_key", "created_date", "complaint_type", "descriptor", "incident_address", "status", "borough",
        "closed_date",
    ),
}  # fmt: skip
ADDRESS = {"chicago": "Street_Address", "nyc": "incident_address"}


def cut(source: str, folder: Path) -> list[dict[str, str]]:
    """The sample's rows of one source, in the order of their dates."""
    with opened(folder / FULL[source]) as lines:
        records = list(csv.DictReader(lines))
    date = COLUMNS["chicago"][0] if source == "chicago" else "created_date"
    records.sort(key=lambda record: record[date])
    kept = records[-CHICAGO_ROWS:] if source == "chicago" else records
    return [_thinned(record, source) for record in kept]


def write(path: Path, columns: Sequence[str], records: Sequence[Mapping[str, str]]) -> None:
    """Write a gzip file without time stamp, so that it can be compared byte by byte."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    path.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


def _thinned(record: Mapping[str, str], source: str) -> dict[str, str]:
    kept = {column: record[column] for column in COLUMNS[source]}
    kept[ADDRESS[source]] = block_of(kept[ADDRESS[source]])
    return kept


def main() -> int:
    """Cut both samples."""
    if len(sys.argv) != 2:
        print("usage: python -m deploy.local.replaying.cut FOLDER", file=sys.stderr)
        return 2
    for source in FULL:
        write(SAMPLE_FOLDER / SAMPLE[source], COLUMNS[source], cut(source, Path(sys.argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
