"""Cut the sample that ships here from the full file: `python -m tests.replay.cut FOLDER`.

Whole blocks of Chicago's 2014, about `ROWS` rows. Addresses are cut to the block. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path

from deploy.local.replaying import mapping, rows
from deploy.local.replaying.addresses import block_of
from tests.replay.rows import SAMPLE, year_of

ROWS = 600
NUMBER = "Service_Request_Number"
COLUMNS = (
    "Creation_Date", "Status", "Completion_Date", NUMBER, "What_is_the_Nature_of_this_Code_Violation",
    "Street_Address", "Community_Area",
)  # fmt: skip


def main(folder: Path) -> None:
    """Write the sample."""
    path = folder / rows.FULL["chicago"]
    with rows.opened(path) as lines:
        records = list(csv.DictReader(lines))
    found = [each for each in rows.read(folder) if each.key.startswith("chicago/")]
    numbers = {each.row.number for each in year_of(found, mapping.load(), ROWS).rows}
    kept = [{name: record[name] for name in COLUMNS} for record in records if record[NUMBER] in numbers]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**each, "Street_Address": block_of(each["Street_Address"])} for each in kept)
    SAMPLE.parent.mkdir(exist_ok=True)
    SAMPLE.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    print(f"{len(kept)} rows, {SAMPLE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
