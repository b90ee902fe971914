"""Every planted bug has a patch and a run, and every rule of the checker that it is to break exists."""

from __future__ import annotations

import subprocess

import pytest

from tests.chaos.checker import RULES
from tests.chaos.planted import BUGS, PLANTED


def test_every_patch_has_its_run_and_every_run_its_patch() -> None:
    assert {patch.stem for patch in BUGS.glob("*.patch")} == set(PLANTED)


def test_every_bug_breaks_a_rule() -> None:
    assert all(planted.breaks and planted.breaks <= set(RULES) for planted in PLANTED.values())


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_every_bug_can_be_planted_in_the_code_as_it_is(name: str) -> None:
    asked = ["git", "apply", "--check", str(BUGS / f"{name}.patch")]
    applied = subprocess.run(asked, cwd=BUGS.parents[2], capture_output=True, text=True, check=False)
    assert applied.returncode == 0, applied.stderr
