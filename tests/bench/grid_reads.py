"""`make bench-grid`: what a phone and a desk read of grid's incidents, with few and with many, as its store answers.

EGOV_BENCH_SIZE=<share> of a million incidents, of which three in a hundred are open. The server makes them itself.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from services.chassis.database import create_engine, standalone
from services.chassis.migrate import migrate
from services.grid import load
from tests.bench.casetrace.report import Times, times_row
from tests.bench.grid_filling import fill, watch
from tests.bench.grid_lists import FEW, lists
from tests.bench.grid_steps import steps
from tests.bench.report import machine
from tests.bench.stacks import running
from tests.conftest import RUN

SAMPLE = Path(__file__).parents[2] / "deploy" / "local" / "sample"
SETTING, MANY = "EGOV_BENCH_SIZE", 1_000_000
SHARED_BUFFERS = "2GB"
CALLS, WARM, AIM_MS = 200, 20, 50.0


def main() -> int:
    """The command. An aim that is not met is said, and is no error."""
    many = max(FEW, round(MANY * float(os.environ.get(SETTING) or 1)))
    sizes = [_measured(FEW), _measured(many)]
    columns = f"{'p50':>8}{'p99':>8}" * 2
    head = f"  {'milliseconds':<44}{f'{FEW:,}':>16}{f'{many:,}':>16}\n  {'':<44}{columns}   aim of p99"
    rows = [times_row(name, [each[name] for each in sizes], AIM_MS) for name in sizes[0]]
    text = "\n".join((machine(), f"PostgreSQL with shared_buffers = {SHARED_BUFFERS}", head, *rows))
    folder = RUN / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"grid-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
    path.write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\n{path}")
    return 0


def _measured(cases: int) -> Mapping[str, Times]:
    folder = Path(tempfile.mkdtemp(prefix="egov-bench-"))
    folder.chmod(0o755)
    try:
        with running(folder, ["postgres"]) as stack:
            assert stack.postgres is not None, "the tables of a server of somebody else's are not filled"
            with stack.postgres.connect() as connection:
                connection.execute(f"ALTER SYSTEM SET shared_buffers = '{SHARED_BUFFERS}'".encode())
            stack.restart_part("postgres")
            _fill(stack.wiring.database("grid", owner=True), cases)
            engine = create_engine(stack.wiring.database("grid", owner=False), application="bench", pool_size=2)
            try:
                return _measure(engine)
            finally:
                engine.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(url: str, cases: int) -> None:
    migrate("grid", url)
    owner = create_engine(url, application="bench-fill", pool_size=1, patience_s=None)
    begun = time.monotonic()
    fill(owner, cases)
    watch(owner)
    with owner.begin() as connection:
        load.save(connection, load.read(SAMPLE))
    owner.dispose()
    print(f"{cases:,} incidents, filled in {time.monotonic() - begun:,.0f} s", flush=True)


def _measure(engine: sa.Engine) -> dict[str, Times]:
    times: dict[str, Times] = {}
    with standalone(engine).connect() as looking, engine.connect() as writing:
        # As a service does once it is started: what was loaded by then is looked at in no collection.
        gc.collect()
        gc.freeze()
        for name, ask in {**lists(looking), **steps(writing)}.items():
            took = []
            for n in range(WARM + CALLS):
                begun = time.perf_counter()
                ask()
                took += [time.perf_counter() - begun] if n >= WARM else []
            times[name] = Times.of(took)
            print(f"  {name}: {times[name]}", flush=True)
    return times


if __name__ == "__main__":
    sys.exit(main())
