"""`make bench-casetrace`: the case trace with few and with many cases: reads at its doors, and what it takes.

It fills a database of its own, which takes most of the time; EGOV_BENCH_SIZE=<share> of a million cases, 10 M events
and 5 M spans. What does not fit into ten minutes of filling is left out, and said.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.people import People
from deploy.local.stack import Stack
from tests.bench.casetrace import ingest, reads
from tests.bench.casetrace.filling import DATABASE, Filled, fill
from tests.bench.casetrace.reads import Searched
from tests.bench.casetrace.report import Ingest, Times, ingest_rows, times_row
from tests.bench.casetrace.rows import Size
from tests.bench.report import machine
from tests.bench.stacks import running, visiting
from tests.conftest import RUN

SETTING = "EGOV_BENCH_SIZE"
MANY, FEW = Size(1_000_000, 5_000_000), Size(10_000, 50_000)
FILL_S = 600.0
# As a server has it on which nothing else runs; the stack's own is a guest on somebody's desk.
SHARED_BUFFERS = "2GB"
NEEDED = ("postgres", "kafka", "collector", "identity", "casetrace", "gateway")
GETS, SEARCHES = 500, 100
GET_MS, SEARCH_MS, TAKEN_S = 50.0, 200.0, 5_000.0
# The events of a case stand in several topics of which one is read after the other: most come late, and have the case
# made anew. What happens now comes in its order, so this has no aim.
BACKLOG = "events out of Kafka, a backlog of four topics"
REPORTS = RUN / "bench"


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured at one size."""

    filled: Filled
    gets: dict[str, Times]
    searches: dict[str, Searched]
    taken: dict[str, Ingest]

    @property
    def name(self) -> str:
        """How much there was."""
        return f"{self.filled.rows['case_file']:,} cases"


def main() -> int:
    """The command. An aim that is not met is said, and is no error."""
    share = float(os.environ.get(SETTING) or 1)
    many = Size(max(FEW.cases, round(MANY.cases * share)), max(FEW.spans, round(MANY.spans * share)))
    text = "\n".join(as_text([_measured(FEW), _measured(many)], many))
    REPORTS.mkdir(parents=True, exist_ok=True)
    path = REPORTS / f"casetrace-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
    path.write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\n{path}")
    return 0


def as_text(sizes: Sequence[Measured], wanted: Size) -> list[str]:
    """The tables."""
    few, many = sizes
    lines = [machine(), f"PostgreSQL with shared_buffers = {SHARED_BUFFERS}", *(_told(each) for each in sizes)]
    if many.filled.rows["case_file"] < wanted.cases:
        lines.append(f"{wanted.cases:,} cases were asked for: more did not fit into {FILL_S:.0f} s of filling")
    columns = f"{'p50':>8}{'p99':>8}" * 2
    head = f"  {'milliseconds':<44}{few.name:>16}{many.name:>16}\n  {'':<44}{columns}   aim of p99"
    lines += ["", "GetCase", head]
    lines += [times_row(name, [each.gets[name] for each in sizes], GET_MS) for name in many.gets]
    parts = (("first page", "first"), ("second to ninth page", "later"), ("first page with facets", "counted"))
    for title, part in parts:
        lines += ["", f"SearchCases, {title}", head]
        lines += [
            times_row(name, [getattr(each.searches[name], part) for each in sizes], SEARCH_MS)
            for name in many.searches
            if any(getattr(each.searches[name], part) for each in sizes)
        ]
    lines += ["", f"Taken on one core, PostgreSQL on what is left{'as they came':>27}{'of a second of both':>21}"]
    for name in many.taken:
        aim = None if name == BACKLOG else TAKEN_S
        lines += ingest_rows(name, [(each.name, each.taken[name]) for each in sizes], aim)
    return lines


def _told(each: Measured) -> str:
    rows = ", ".join(f"{many:,} {table}" for table, many in each.filled.rows.items())
    return f"{each.name}: {rows}; filled in {each.filled.seconds:,.0f} s"


def _measured(size: Size) -> Measured:
    print(f"{size.cases:,} cases", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="egov-bench-"))
    folder.chmod(0o755)
    try:
        with running(folder, NEEDED) as stack:
            filled = _filled(stack, size)
            print(f"  {filled.rows} in {filled.seconds:.0f} s", flush=True)
            with visiting(stack) as (_, people):
                return _measure(stack, people, filled)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _filled(stack: Stack, size: Size) -> Filled:
    """The stack's own tables filled, behind which nobody looks meanwhile."""
    assert stack.postgres is not None, "the tables of a server of somebody else's are not filled"
    stack.stop_part("casetrace")
    with stack.postgres.connect(DATABASE) as connection:
        connection.execute(f"ALTER SYSTEM SET shared_buffers = '{SHARED_BUFFERS}'".encode())
    stack.restart_part("postgres")
    filled = fill(stack.postgres, size, FILL_S)
    stack.start_part("casetrace")
    return filled


def _measure(stack: Stack, people: People, filled: Filled) -> Measured:
    with reads.door_of(stack, people.operator()) as door:
        print("  GetCase", flush=True)
        gets = reads.gets(door, filled, GETS)
        print("  SearchCases", flush=True)
        searches = reads.searches(door, filled, SEARCHES, lambda text: print(text, flush=True))
    print("  events and spans", flush=True)
    return Measured(filled, gets, searches, _taken(stack))


def _taken(stack: Stack) -> dict[str, Ingest]:
    every = ("grid", "inspection", "certificates", "notification")
    stack.stop_part("casetrace")
    in_store = ingest.into_the_store(stack, ingest.stream(ingest.CASES, 600_000_000, *every))
    stack.start_part("casetrace")
    return {
        "events into the store, in order": in_store,
        "events out of Kafka, in order": ingest.out_of_kafka(stack, ingest.stream(ingest.CASES, 610_000_000, "grid")),
        BACKLOG: ingest.out_of_kafka(stack, ingest.stream(ingest.CASES, 620_000_000, *every)),
        "spans at the OTLP door": ingest.at_the_door(stack),
    }


if __name__ == "__main__":
    sys.exit(main())
