"""What ended by itself is told from what a fault ended."""

from __future__ import annotations

import pytest

from tests.chaos.records import Disturbance
from tests.chaos.running import died_by_itself

FAULT = Disturbance("grid", 100.0, 110.0)


@pytest.mark.parametrize(
    ("part", "at", "by_itself"),
    [("grid", 105.0, False), ("grid-2", 105.0, False), ("grid", 120.0, True), ("notification", 105.0, True)],
)
def test_a_part_that_ends_while_nothing_is_done_to_it_died_by_itself(part: str, at: float, by_itself: bool) -> None:
    assert bool(list(died_by_itself([(part, at, "signal 9")], [FAULT]))) is by_itself
