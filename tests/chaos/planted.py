"""Bugs that are planted to see the checker find them: `make chaos-bugs`, or `ONLY=<name>,...` for some.

Each is a patch in `bugs/`. It is applied to a copy of the tree, in which a short run is made with what brings the bug
to light. With `--sound` the same runs are made without the bugs, and must have no finding.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.front import Mode
from tests.chaos.harness import Harness
from tests.chaos.running import Run
from tests.chaos.schedule import Fault, Kind
from tests.conftest import RUN

ROOT = Path(__file__).resolve().parents[2]
BUGS = Path(__file__).with_name("bugs")
SEED = 1
IN_PATH = ("identity", "grid", "notification")
FOUND = "findings: "


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What brings a bug to light: faults, points that are armed from the start, how long, how fast; see `Run`.

    `breaks`: rules of the checker of which at least one must find it.
    """

    breaks: frozenset[str]
    faults: tuple[Fault, ...] = ()
    points: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 10.0
    pace_s: float = 0.1
    replicas: tuple[str, ...] = ()


def _breaks(*rules: str) -> frozenset[str]:
    return frozenset(rules)


def _at(kind: Kind, part: str, point: str, *, at: float = 3.0) -> tuple[Fault, ...]:
    return (Fault(kind, part, at, 1.0, point),)


PLANTED: dict[str, Planted] = {
    "accepted_without_a_clock": Planted(breaks=_breaks("every case is held"), seconds=5.0),
    "acknowledged_though_not_committed": Planted(
        breaks=_breaks("acknowledged has its state"),
        faults=(Fault(Kind.KILL, "postgres", 3.0, 0.5),),
        # Nearly every call is caught before its commit.
        points={"grid": "uow.before_commit=wait:0.1@*"},
        seconds=6.0,
    ),
    "delete_before_acknowledgement": Planted(
        breaks=_breaks("kafka is the log"),
        # What was handed over cannot leave the process before it dies.
        faults=(Fault(Kind.NETWORK, "kafka", 2.0, 5.0, Mode.DROP), Fault(Kind.KILL, "grid", 4.0, 1.0)),
    ),
    "delete_by_range": Planted(
        breaks=_breaks("kafka is the log"),
        # One process commits what it queued long after the other has published what it queued later.
        points={"grid": "uow.before_commit=wait:0.2@*"},
        replicas=("grid",),
        seconds=6.0,
    ),
    "failure_counts_as_taken": Planted(
        breaks=_breaks("every notice"), faults=_at(Kind.FAIL_AT, "notification", "consumer.before_commit")
    ),
    "job_without_lease": Planted(
        breaks=_breaks("mails doubled where smtp allows"),
        points={"notification": "job.after_claim=wait:0.02@*"},
        seconds=5.0,
    ),
    "mail_connections_kept": Planted(breaks=_breaks("nothing leaks"), seconds=12.0),
    "no_inbox_row": Planted(breaks=_breaks("one outcome per consumer"), seconds=4.0),
    "outcome_outside_the_transaction": Planted(
        breaks=_breaks("acknowledged has its state"), faults=_at(Kind.KILL_AT, "grid", "uow.before_commit")
    ),
    "park_without_holding_the_key": Planted(
        breaks=_breaks("nothing left", "one outcome per consumer"),
        faults=_at(Kind.FAIL_AT, "notification", "consumer.before_commit"),
        seconds=6.0,
    ),
    "position_ahead_of_effect": Planted(
        breaks=_breaks("every notice"), faults=_at(Kind.KILL_AT, "notification", "consumer.before_commit")
    ),
    "publish_before_commit": Planted(
        breaks=_breaks("one event per change"), faults=_at(Kind.KILL_AT, "grid", "uow.before_commit")
    ),
    "relay_newest_first": Planted(breaks=_breaks("order in kafka"), faults=(Fault(Kind.KILL, "kafka", 3.0, 2.0),)),
    "relay_without_epoch_check": Planted(
        breaks=_breaks("repeats are excused"),
        # Long enough for the other process to take over, and for what a fault excuses to be past.
        faults=(Fault(Kind.FREEZE, "grid", 2.0, 7.0),),
        replicas=("grid",),
        seconds=28.0,
        pace_s=0.3,
    ),
    "repeats_taken_again_and_told_twice": Planted(
        breaks=_breaks("no notice twice"), faults=_at(Kind.KILL_AT, "grid", "relay.after_ack")
    ),
    "retry_without_key": Planted(
        breaks=_breaks("at most once", "refused when late"), faults=_at(Kind.KILL_AT, "grid", "uow.after_commit")
    ),
    "stale_version_not_checked": Planted(
        breaks=_breaks("acknowledged once", "refused when late"),
        seconds=5.0,
    ),
}


def run_of(planted: Planted) -> Run:
    """The short run for a bug."""
    return Run(
        seed=SEED,
        seconds=planted.seconds,
        schedule=planted.faults,
        services=IN_PATH,
        replicas=planted.replicas,
        points=planted.points,
        threads=6,
        pace_s=planted.pace_s,
        recoveries=False,
        known_s=15.0,
        quiet_s=20.0,
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.planted", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--only", default="", help="names of bugs, comma separated; all when not said")
    parser.add_argument("--cache", type=Path, default=RUN / "cache", help="folder of what is fetched")
    parser.add_argument("--sound", action="store_true", help="plant nothing, and expect no finding")
    parser.add_argument("--here", action="store_true", help="run the one that is named in this tree as it is")
    asked = parser.parse_args()
    names = [name for name in asked.only.split(",") if name] or sorted(PLANTED)
    if asked.here:
        (name,) = names
        print(FOUND + json.dumps(_rules(name, asked.cache)), flush=True)
        return 0
    wrong = [name for name in names if not _as_expected(name, asked.cache, sound=asked.sound)]
    print(f"not as expected: {', '.join(wrong)}" if wrong else f"all {len(names)} as expected", flush=True)
    return 1 if wrong else 0


def _rules(name: str, cache: Path) -> dict[str, list[str]]:
    """The findings of a bug's run in this tree, by rule."""
    folder = Path(tempfile.mkdtemp(prefix="egov-planted-"))
    folder.chmod(0o755)
    try:
        report = Harness(folder, cache, lambda text: None).run(run_of(PLANTED[name]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found: dict[str, list[str]] = {}
    for finding in report.findings:
        found.setdefault(finding.rule, []).append(finding.about)
    return found


def _as_expected(name: str, cache: Path, *, sound: bool) -> bool:
    """Plant one bug in a copy, and see whether a rule that it breaks finds it; or plant none, and see no finding."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="egov-copy-") as folder:
        copy = Path(folder)
        copy.chmod(0o755)
        copy_tree(copy)
        if not sound:
            subprocess.run(["git", "apply", str(BUGS / f"{name}.patch")], cwd=copy, check=True)
        said, errors = _run_in(copy, name, cache)
    line = next((line for line in said.splitlines() if line.startswith(FOUND)), None)
    found = json.loads(line.removeprefix(FOUND)) if line is not None else {}
    expected = line is not None and (not found if sound else bool(PLANTED[name].breaks & set(found)))
    rules = ", ".join(f"{rule} ({len(found[rule])})" for rule in sorted(found)) or "no finding"
    print(f"{'ok' if expected else 'WRONG':<7}{name:<40}{time.monotonic() - began:5.0f} s  {rules}", flush=True)
    if line is None:
        print(errors[-2000:], flush=True)
    elif not expected:
        print("\n".join(f"    {rule}: {each}" for rule, all in found.items() for each in all[:3]), flush=True)
    return expected


def copy_tree(copy: Path) -> None:
    """A copy of the tree, as git knows it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for file in filter(None, listed.stdout.split("\0")):
        if (ROOT / file).exists():
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, copy / file)


def _run_in(copy: Path, name: str, cache: Path) -> tuple[str, str]:
    """What the run of a bug in its copy says."""
    command = [sys.executable, "-m", "tests.chaos.planted", "--here", "--only", name, "--cache", str(cache)]
    path = os.pathsep.join([str(copy), str(copy / "protos/gen/python")])
    environment = {**os.environ, "PYTHONPATH": path}
    ran = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return ran.stdout, ran.stderr


if __name__ == "__main__":
    sys.exit(main())
