"""A short run of `make chaos`, with the same load, faults and checker: nothing is lost, nothing is doubled.

The seed gives the schedule and not the interleaving: two runs are not the same.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.harness import Harness
from tests.chaos.records import Told
from tests.chaos.running import Run
from tests.chaos.schedule import plan
from tests.conftest import RUN

# The faults take half a minute; on a busy machine it takes many more until everything had its effect.
pytestmark = pytest.mark.timeout(1200)

SEED, SECONDS = 93, 30.0
KILLED = ("kafka", "postgres", "gateway", "mail", "grid", "grid-2", "notification", "inspection")
KINDS = 8


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other accounts may pass: PostgreSQL does not run as root. After a finding its logs are kept."""
    made = Path(tempfile.mkdtemp(prefix="egov-chaos-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_nothing_is_lost_and_nothing_is_doubled(folder: Path) -> None:
    asked = Run(
        seed=SEED,
        seconds=SECONDS,
        schedule=plan(SEED, SECONDS, KILLED),
        replicas=("grid", "notification"),
        pace_s=0.2,
    )
    report = Harness(folder, RUN / "cache", print).run(asked)
    if report.findings:
        shutil.copytree(folder / "logs", RUN / "test-logs" / folder.name)
    print(report.as_text())
    assert report.findings == ()
    assert len(report.faults) >= KINDS
    assert report.commands[Told.ACKNOWLEDGED] > 0
