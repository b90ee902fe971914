"""Every planted bug has a patch and a run, and every rule of the checker that it is to break exists."""

from __future__ import annotations

from tests.chaos.checker import RULES
from tests.chaos.planted import BUGS, PLANTED


def test_every_patch_has_its_run_and_every_run_its_patch() -> None:
    assert {patch.stem for patch in BUGS.glob("*.patch")} == set(PLANTED)


def test_every_bug_breaks_a_rule() -> None:
    assert all(planted.breaks and planted.breaks <= set(RULES) for planted in PLANTED.values())
