"""`make bench-grid`, its second part: what the timer costs between dues, with few open clocks and with many.

EGOV_BENCH_SIZE=<share> of a million clocks, all of which end later. The server makes them itself. A round of the timer
is the one look that `services/chassis/due` takes for a name; beside it stands a clock that is due, claimed and ended.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from services.chassis import due
from services.chassis.database import create_engine, standalone
from services.chassis.migrate import migrate
from services.grid.usecases import CLOCK
from tests.bench.casetrace.report import Times
from tests.bench.grid_lists import FEW
from tests.bench.grid_reads import MANY, SETTING
from tests.bench.report import machine
from tests.bench.stacks import running
from tests.conftest import RUN

ROUNDS, WARM, HORIZON_DAYS = 2_000, 200, 60
FILL = sa.text(
    "INSERT INTO chassis.due (name, key, due_at, try_at) SELECT :name, gen_random_uuid()::text, at, at FROM ("
    " SELECT now() + interval '1 h' + n * (interval '1 day' * :days / :clocks) AS at"
    " FROM generate_series(1, :clocks) AS n ORDER BY random()) AS made"
)
SET = sa.text(
    "INSERT INTO chassis.due (name, key, due_at, try_at) VALUES (:name, 'due now', now(), now())"
    " ON CONFLICT (name, key) DO UPDATE SET try_at = now()"
)
PLAIN = ("Index Scan", "Index Only Scan")


class Cost(NamedTuple):
    """Of one round: how the server finds what is next, rows and blocks that it reads, and how long rounds take."""

    plan: str
    rows: int
    blocks: int
    idle: Times
    one_due: Times


def main() -> int:
    """The command."""
    many = max(FEW, round(MANY * float(os.environ.get(SETTING) or 1)))
    text = "\n".join((machine(), *table(FEW, _measured(FEW), many, _measured(many))))
    folder = RUN / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"grid-due-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
    path.write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\n{path}")
    return 0


def table(few: int, one: Cost, many: int, other: Cost) -> list[str]:
    """Both sizes beside each other, and how many times the one the other is."""
    figures = {
        "an idle round: rows read": (one.rows, other.rows),
        "an idle round: blocks read": (one.blocks, other.blocks),
        "an idle round: ms, p50": (one.idle.p50, other.idle.p50),
        "an idle round: ms, p99": (one.idle.p99, other.idle.p99),
        "one is due, claimed and ended: ms, p50": (one.one_due.p50, other.one_due.p50),
        "one is due, claimed and ended: ms, p99": (one.one_due.p99, other.one_due.p99),
    }
    head = f"  {'open clocks':<42}{f'{few:,}':>12}{f'{many:,}':>12}{'ratio':>8}"
    rows = [f"  {name:<42}{a:>12.3g}{b:>12.3g}{b / a:>7.2f}x" for name, (a, b) in figures.items()]
    return [head, *rows, f"  plan of an idle round: {one.plan}; {other.plan}"]


def _measured(clocks: int) -> Cost:
    folder = Path(tempfile.mkdtemp(prefix="egov-bench-"))
    folder.chmod(0o755)
    try:
        with running(folder, ["postgres"]) as stack:
            assert stack.postgres is not None, "the tables of a server of somebody else's are not filled"
            _fill(stack.wiring.database("grid", owner=True), clocks)
            with stack.postgres.connect() as administrator:
                administrator.execute("CHECKPOINT")  # What was filled is not written while rounds are timed.
            engine = create_engine(stack.wiring.database("grid", owner=False), application="bench", pool_size=2)
            try:
                return _measure(engine)
            finally:
                engine.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(url: str, clocks: int) -> None:
    migrate("grid", url)
    owner = create_engine(url, application="bench-fill", pool_size=1, patience_s=None)
    with owner.begin() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(FILL, {"name": CLOCK, "days": HORIZON_DAYS, "clocks": clocks})
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.execute(sa.text("VACUUM (ANALYZE) chassis.due"))
    owner.dispose()


def _measure(engine: sa.Engine) -> Cost:
    with standalone(engine).connect() as looking:
        plan, rows, blocks = _plan(looking)
        idle = _timed(lambda: looking.execute(due.LOOK, {"name": CLOCK}).scalar())
    return Cost(plan, rows, blocks, idle, _timed(lambda: _claimed(engine), before=lambda: _set(engine)))


def _plan(connection: sa.Connection) -> tuple[str, int, int]:
    """How the look is answered, with everything in memory: the node that reads, its rows, and all blocks."""
    for _ in range(2):
        asked = sa.text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {due.LOOK.text}")
        top: dict[str, Any] = connection.execute(asked, {"name": CLOCK}).scalar_one()[0]["Plan"]
    node = top
    while "Plans" in node:
        node = node["Plans"][0]
    assert node["Node Type"] in PLAIN, node
    return f"{node['Node Type']} on {node['Index Name']}", node["Actual Rows"], top["Shared Hit Blocks"]


def _set(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(SET, {"name": CLOCK})


def _claimed(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        row = connection.execute(due.CLAIM, {"name": CLOCK, "lease": due.LEASE_S}).one()
    with engine.begin() as connection:
        connection.execute(due.END, {"name": CLOCK, "key": row.key, "claim": row.claim})


def _timed(call: Callable[[], object], before: Callable[[], object] = lambda: None) -> Times:
    took = []
    for n in range(WARM + ROUNDS):
        before()
        begun = time.perf_counter()
        call()
        took += [time.perf_counter() - begun] if n >= WARM else []
    return Times.of(took)


if __name__ == "__main__":
    sys.exit(main())
