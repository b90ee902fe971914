"""Points of failure: nothing happens at them unless a test asks for it. Each runs in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMES_BY = """
import sys
from services.chassis.faultpoints import InjectedFault, faultpoint
for _ in range(3):
    try:
        faultpoint("here")
        print("on", flush=True)
    except InjectedFault:
        print("raised", flush=True)
"""
ARMED_LATER = """
import os, signal
from services.chassis.faultpoints import faultpoint
faultpoint("here")
os.kill(os.getpid(), signal.SIGUSR1)
faultpoint("here")
print("on", flush=True)
"""
ROOT = Path(__file__).resolve().parents[3]


def run(code: str, **variables: str) -> tuple[int, list[str]]:
    """What a process that comes by three times says, and how it ends."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.split()


@pytest.mark.parametrize(
    ("points", "code", "said"),
    [
        ("", 0, ["on", "on", "on"]),
        ("elsewhere=kill", 0, ["on", "on", "on"]),
        ("here=kill@2", -signal.SIGKILL, ["on"]),
        ("here=raise", 0, ["raised", "on", "on"]),
        ("here=raise@*", 0, ["raised", "raised", "raised"]),
        ("here=wait:0.01@*", 0, ["on", "on", "on"]),
    ],
)
def test_what_happens_at_a_point(points: str, code: int, said: list[str]) -> None:
    assert run(COMES_BY, EGOV_FAULTPOINTS=points) == (code, said)


def test_a_running_process_takes_new_points_when_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "points"
    file.write_text("here=kill", encoding="utf-8")
    assert run(ARMED_LATER, EGOV_FAULTPOINTS_FILE=str(file)) == (-signal.SIGKILL, [])


def test_a_process_that_names_no_file_ends_by_the_signal_as_any_other() -> None:
    assert run(ARMED_LATER) == (-signal.SIGUSR1, [])
