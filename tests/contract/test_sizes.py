"""A file is read in one sitting: it has at most 250 lines, or stands here with what makes it one thing."""

from __future__ import annotations

import subprocess

from tests.contract.system import ROOT

MOST_LINES = 250
GENERATED = "protos/gen/"
LONGER = {
    "deploy/local/bootstrap.py": "runs alone, on any Python, before there is an environment to import from",
    "deploy/local/stack.py": "a stack is asked everything in one place; what it is made of stands elsewhere",
    "services/grid/domain/standing.py": "one frozen object with one version: what it holds, and how a step moves it",
    "services/grid/domain/transitions.py": "the table of transitions: one step, one line",
    "services/grid/store/incident_rows.py": "the columns, and a row both ways: a column stands in all three",
    "services/chassis/consumer.py": "what one thread polls, takes and lets go is one state",
    "services/chassis/telemetry.py": "a span, the innermost one and its case are one context",
    "tests/unit/grid/test_incident_machine.py": "one state machine: its rules and invariants are methods of one class",
}


def lines_of() -> dict[str, int]:
    """How many lines each tracked Python file has."""
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in tracked.splitlines() if not name.startswith(GENERATED)]
    return {file.relative_to(ROOT).as_posix(): file.read_bytes().count(b"\n") for file in files if file.exists()}


def test_a_long_file_has_a_reason_and_a_reason_its_long_file() -> None:
    long = {name for name, lines in lines_of().items() if lines > MOST_LINES}
    assert sorted(long - set(LONGER)) == [], "split these by what they speak of, or say why each is one thing"
    assert sorted(set(LONGER) - long) == [], "these are short, or gone: no reason is needed any more"
