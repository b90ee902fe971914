"""Cut the samples that ship here from the full files: `python -m deploy.local.replaying.cut FOLDER`.

Chicago's newest 2,000 complaints and all that an inspection followed, with these inspections; the visits that were
really checked again, with those that did it; the newest 60 visits beside them; all of the New York sample. Only the
columns that the replay reads. Addresses are cut to the block; what the join needs of them is kept as a number of the
place. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from deploy.local.replaying import rows, visits
from deploy.local.replaying.addresses import block_of
from deploy.local.replaying.joining import follow_ups, rechecks
from deploy.local.replaying.rows import SAMPLE_FOLDER, Row, opened
from deploy.local.replaying.visits import ID, Visit

CHICAGO_ROWS, OTHER_VISITS = 2_000, 60
NUMBER, PLACE = "Service_Request_Number", "Place"
COLUMNS = {
    "chicago": (
        "Creation_Date", "Status", "Completion_Date", NUMBER, "What_is_the_Nature_of_this_Code_Violation",
        "Street_Address", "Community_Area", PLACE,
    ),
    "nyc": (
        "unique_key", "created_date", "complaint_type", "descriptor", "incident_address", "status", "borough",
        "closed_date",
    ),
    "visits": (ID, "License", "Inspection_Date", "Results", PLACE),
    "licences": (ID, "LICENSE_TERM_START_DATE"),
}  # fmt: skip

Record = Mapping[str, str]


class Choice:
    """What is kept: complaints and visits by number, and the place of what is joined."""

    def __init__(self, complaints: Collection[Row], known: Sequence[Visit]) -> None:
        followed = follow_ups(complaints, known)
        joined = {row.number: followed[row.key] for row in complaints if row.key in followed}
        names = {place: f"P{n:03d}" for n, place in enumerate(sorted({v.place for v in joined.values()}), start=1)}
        self.complaints = {number: names[visit.place] for number, visit in joined.items()}
        self.joined = {visit.number: names[visit.place] for visit in joined.values()}
        self.visits = {*self.joined, *_checked_again(known), *_newest(known)}


def _checked_again(known: Sequence[Visit]) -> set[int]:
    """Visits with findings whose second look is another visit, and the visits that were second looks."""
    looks = rechecks(known)
    seen = {visit.number: [look.by for look in looks[visit.number] if look.by] for visit in known if visit.found}
    return {number for first, later in seen.items() if later for number in (first, *(visit.number for visit in later))}


def _newest(known: Sequence[Visit]) -> set[int]:
    return {visit.number for visit in sorted(known, key=lambda visit: (visit.at, visit.number))[-OTHER_VISITS:]}


def cut(folder: Path) -> dict[str, tuple[Sequence[str], list[Record]]]:
    """Columns and rows of each sample file, by its name."""
    complaints = [row for row in rows.read(folder) if isinstance(row, Row)]
    known = [visit for visit in visits.read(folder) if isinstance(visit, Visit)]
    choice = Choice(complaints, known)

    def visit_kept(record: Record) -> bool:
        return int(float(record[ID])) in choice.visits

    chicago = sorted(_records(folder / rows.FULL["chicago"]), key=lambda record: record["Creation_Date"])
    older = [record for record in chicago[:-CHICAGO_ROWS] if record[NUMBER] in choice.complaints]
    files = {
        rows.SAMPLE["chicago"]: (COLUMNS["chicago"], [*older, *chicago[-CHICAGO_ROWS:]]),
        rows.SAMPLE["nyc"]: (
            COLUMNS["nyc"],
            sorted(_records(folder / rows.FULL["nyc"]), key=lambda record: record["created_date"]),
        ),
    }
    for name, date in (("visits", "Inspection_Date"), ("licences", ID), ("matrix", ID)):
        kept = sorted(filter(visit_kept, _records(folder / visits.FULL[name])), key=_order(date))
        files[visits.SAMPLE[name]] = (COLUMNS.get(name) or tuple(kept[0]), kept)
    return {name: (columns, [_thinned(r, columns, choice) for r in kept]) for name, (columns, kept) in files.items()}


def write(path: Path, columns: Sequence[str], records: Sequence[Record]) -> None:
    """Write a gzip file without time stamp, so that it can be compared byte by byte."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    path.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


def _thinned(record: Record, columns: Sequence[str], choice: Choice) -> Record:
    kept = {column: record[column] for column in columns if column != PLACE}
    for address in kept.keys() & {"Street_Address", "incident_address"}:
        kept[address] = block_of(kept[address])
    if PLACE in columns:
        kept[PLACE] = choice.complaints.get(record.get(NUMBER, ""), "") or _place_of(record, choice)
    return kept


def _place_of(record: Record, choice: Choice) -> str:
    return choice.joined.get(int(float(record[ID])), "") if ID in record else ""


def _order(date: str) -> Callable[[Record], tuple[str, float]]:
    return lambda record: ("" if date == ID else record[date], float(record[ID]))


def _records(path: Path) -> list[dict[str, str]]:
    with opened(path) as lines:
        return list(csv.DictReader(lines))


def main() -> int:
    """Cut all samples."""
    if len(sys.argv) != 2:
        print("usage: python -m deploy.local.replaying.cut FOLDER", file=sys.stderr)
        return 2
    for name, (columns, records) in cut(Path(sys.argv[1])).items():
        write(SAMPLE_FOLDER / name, columns, records)
    return 0


if __name__ == "__main__":
    sys.exit(main())
