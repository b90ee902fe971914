"""Environments of the rivals, below `.run/bench/`: their packages never meet the project's."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.bootstrap import REQUIREMENTS, Step
from tests.conftest import RUN

LAST_CHARACTERS = 300


class NotRun(Exception):
    """A side cannot be measured on this machine; the text says why."""


def python_of(lock: str, folder: str) -> Path:
    """The interpreter of the environment `.run/bench/<folder>`, made from the locked file at first use.

    Raises NotRun when it cannot be made: no network, or no package that fits this Python.
    """
    place = RUN / "bench" / folder
    python, stamp, file = place / "bin" / "python", place / "made-from", REQUIREMENTS / f"{lock}.txt"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return python
    step = Step(f"packages ({lock})")
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    _do([sys.executable, "-m", "venv", str(place)])
    _do([*_pip(python), "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(file)])
    stamp.write_text(digest)
    step.end(f"{len(re.findall('^[a-z].*==', file.read_text(), re.MULTILINE))} packages, checked by hash")
    return python


def _pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]


def _do(command: list[str]) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        said = " ".join((ran.stdout + ran.stderr).split())[-LAST_CHARACTERS:]
        raise NotRun(f"its environment could not be made: {said}")
