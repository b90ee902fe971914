"""`make chaos MINUTES=30 SEED=7`: a run and its report. Exit code 1 when anything was lost, doubled or left over."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from deploy.local import parts
from deploy.local.errors import StackError
from tests.chaos.harness import Harness
from tests.chaos.running import Run
from tests.chaos.schedule import plan
from tests.conftest import RUN

KILLED = ("kafka", "postgres", "gateway", "mail", *parts.acting(), *map(parts.replica_of, parts.acting()))
REPORTS = RUN / "chaos"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.run", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="how long faults are begun")
    parser.add_argument("--seed", type=int, default=None, help="gives the schedule; a new one when not said")
    parser.add_argument("--cache", type=Path, default=RUN / "cache", help="folder of what is fetched")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)
    seconds = asked.minutes * 60
    # Other accounts may pass: PostgreSQL does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="egov-chaos-"))
    folder.chmod(0o755)
    run = Run(seed=seed, seconds=seconds, schedule=plan(seed, seconds, KILLED), replicas=parts.acting())
    try:
        found = Harness(folder, asked.cache, _say).run(run)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    REPORTS.mkdir(parents=True, exist_ok=True)
    name = REPORTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{seed}"
    if found.findings:
        shutil.move(folder / "logs", name)
    shutil.rmtree(folder, ignore_errors=True)
    name.with_suffix(".txt").write_text(found.as_text(), encoding="utf-8")
    name.with_suffix(".json").write_text(found.as_json(), encoding="utf-8")
    print(f"\n{found.as_text()}\n{name}.txt")
    return 1 if found.findings else 0


def _say(text: str) -> None:
    print(text.partition("\n")[0], flush=True)


if __name__ == "__main__":
    sys.exit(main())
