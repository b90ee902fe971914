"""Do the figures hold? `python -m tests.replay.recount FOLDER`, where FOLDER is what a run wrote down.

Works the figures out twice, from the raw rows and from the log of record, and compares both with those that the run
printed; of every row it compares each event, its moment and the department's deadline. Shares no code with grid.
Exit code 1: they do not agree, and where.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.replay import recount_log, recount_rows
from tests.replay.figures import differences
from tests.replay.recount_clocks import END
from tests.replay.recount_raw import raw_rows

SHOWN = 20


def recount(folder: Path) -> list[str]:
    """Everything that does not agree, in words."""
    run = json.loads((folder / "run.json").read_text("utf-8"))
    paths = {source: Path(path) for source, path in run["sources"].items()}
    rows = recount_rows.book_of(raw_rows(paths, set(run["rows"])), run["seed"])
    with (folder / "events.jsonl").open(encoding="utf-8") as lines:
        log = recount_log.book_of(lines, END)
    printed = run["figures"]
    return [
        *differences("printed", printed, "from the rows", rows.figures()),
        *differences("printed", printed, "from the log", log.figures()),
        *rows.differences(log),
    ]


def main(folder: Path) -> int:
    """Recount, and tell."""
    found = recount(folder)
    for each in found[:SHOWN]:
        print(f"  DIFFERENCE {each}")
    if len(found) > SHOWN:
        print(f"  and {len(found) - SHOWN:,} more")
    print("The recount does not agree." if found else "Recounted from the raw rows and from the log: all agree.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
