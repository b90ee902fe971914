"""`make replay-year`: a year of real complaints in minutes, and figures by department that a second script recounts.

`python -m tests.replay.run [--data FOLDER] [--rows N] [--seed N] [--keep FOLDER]`. README.md says what is played, and
what the figures count. Exit code 1 when the recount does not agree, or when an open incident was forgotten.
"""

from __future__ import annotations

import argparse
import contextvars
import json
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa
from egov.grid.v1 import events_pb2
from google.protobuf.json_format import MessageToDict

from deploy.local.errors import StackError
from deploy.local.replaying import mapping, rows
from tests.conftest import RUN
from tests.replay.city import City, running_city
from tests.replay.figures import Figures, table
from tests.replay.player import Player
from tests.replay.rows import SAMPLE, Year, read, year_of

BOOKS = RUN / "replay-year"
_LOG = sa.text(
    "SELECT type, body, source, rule, loads FROM chassis.event_log LEFT JOIN dispatch ON incident_id::text ="
    " aggregate_id AND version = aggregate_version WHERE type LIKE 'egov.grid.%' ORDER BY event_id"
)


def sources(data: Path | None) -> dict[str, str]:
    """The files that the rows come from."""
    if data is not None:
        return {source: str((data / name).resolve()) for source, name in rows.FULL.items()}
    return {"chicago": str(SAMPLE), "nyc": str(rows.SAMPLE_FOLDER / rows.SAMPLE["nyc"])}


def write_down(folder: Path, city: City, year: Year, seed: int, data: Path | None, figures: Figures) -> None:
    """Everything that the recount needs: which rows, the figures, and the log of record."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = [each.row.key for each in year.rows]
    said = {"seed": seed, "sources": sources(data), "rows": keys, "figures": figures}
    (folder / "run.json").write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
    with (folder / "events.jsonl").open("w", encoding="utf-8") as lines:
        for row in city.rows(_LOG):
            message = getattr(events_pb2, row["type"].rpartition(".")[2]).FromString(row["body"])
            fields = MessageToDict(message, preserving_proto_field_name=True)
            said = {"type": row["type"], "body": fields, "why": _why(row)}
            lines.write(json.dumps(said, ensure_ascii=False) + "\n")


def _why(row: sa.RowMapping) -> str:
    """By what a department was chosen, as is kept beside the incident: the rule, and the loads that were compared."""
    loads = (f"{each['department']} {each['open']}/{each['capacity']}" for each in row["loads"] or ())
    return " ".join((row["source"] or "", str(row["rule"] or ""), *loads)).strip()


def play(year: Year, seed: int, data: Path | None, folder: Path) -> int:
    """Play a year, print its figures and write down what the recount needs; how many incidents were forgotten."""
    # A unit of work says which case it serves, which outlives it where no span ends.
    return contextvars.copy_context().run(_play, year, seed, data, folder)


def _play(year: Year, seed: int, data: Path | None, folder: Path) -> int:
    began = time.monotonic()
    with running_city() as city:
        print(f"The city stands after {time.monotonic() - began:.0f} s.", flush=True)
        began = time.monotonic()
        player = Player(city, year.rows, seed, lambda text: print(f"  {text}", flush=True))
        figures = player.play()
        for what, count in sorted(player.counts.items()):
            print(f"  {what:<32}{count:>10,}")
        print(f"{sum(player.counts.values()):,} changes and looks in {time.monotonic() - began:.0f} s.")
        write_down(folder, city, year, seed, data, figures)
        forgotten = player.forgotten()
        print(f"Open incidents that nobody would have looked at again: {forgotten}.\n\n{table(figures)}\n", flush=True)
        return forgotten


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay.run", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, help="folder of the full files; without it the samples that ship here")
    parser.add_argument("--rows", type=int, default=3000, help="play about so many rows (default 3000)")
    parser.add_argument("--seed", type=int, default=1, help="decides what the rows do not say (default 1)")
    parser.add_argument("--keep", type=Path, default=BOOKS, help="folder for what the recount reads")
    asked = parser.parse_args()
    try:
        year = year_of(read(asked.data), mapping.load(), asked.rows)
        print(f"{len(year.rows):,} rows of the year are played.")
        for reason, count in sorted(year.left_out.items()):
            print(f"  left out, {reason}: {count:,}")
        forgotten = play(year, asked.seed, asked.data, asked.keep)
    except (StackError, OSError) as stop:
        print(stop, file=sys.stderr)
        return 2
    agreed = subprocess.run([sys.executable, "-m", "tests.replay.recount", str(asked.keep)], check=False).returncode
    return 1 if forgotten or agreed else 0


if __name__ == "__main__":
    sys.exit(main())
