"""`make bench`: every line of the table, one after the other; ONLY=<key,key> for some, ROUNDS=<number>.

What needs a server starts its own, and ends it before the next line begins: two cores carry one line at a time.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import lines_events, lines_rpc, lines_stack
from tests.bench.measure import Opened, play
from tests.bench.report import Result, as_text, result_of, write
from tests.conftest import RUN

REPORTS = RUN / "bench"
FEWEST_ROUNDS = 5

Open = Callable[[Path], Opened]
LINES: Mapping[str, Open] = {**lines_rpc.LINES, **lines_events.LINES, **lines_stack.LINES}
"""Every line by its key: opened in a folder of its own, in which its servers live."""


def main() -> int:
    """The command. 1 when a line could not be measured; an aim that is not met is said, and is no error."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.run", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help=f"keys, comma separated: {', '.join(LINES)}")
    parser.add_argument("--rounds", type=int, default=FEWEST_ROUNDS, help="rounds that count")
    asked = parser.parse_args()
    keys = [key for key in asked.only.split(",") if key] or list(LINES)
    if unknown := sorted(set(keys) - set(LINES)):
        parser.error(f"no such line: {', '.join(unknown)}; there are {', '.join(LINES)}")
    results, failed = [], []
    for key in keys:
        print(f"{key}", flush=True)
        try:
            results.append(_measure(LINES[key], asked.rounds))
        except Exception as error:  # noqa: BLE001  # one line that fails does not take the others with it
            print(f"  not measured: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            failed.append(key)
    print(f"\n{as_text(results)}\n{write(results, REPORTS)}")
    if failed:
        print(f"not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _measure(open_line: Open, rounds: int) -> Result:
    # Other accounts may pass: PostgreSQL does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="egov-bench-"))
    folder.chmod(0o755)
    try:
        with open_line(folder) as line:
            return result_of(line, play(line, rounds, lambda text: print(text, flush=True)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
