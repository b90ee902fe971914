"""Where the relay's looks begin: nothing is missed, and what was deleted long ago is not passed over again."""

from __future__ import annotations

from services.chassis.floor import SETTLED_S, STEP_S, WHOLE_EVERY_S, Floor


def looked(floor: Floor, *looks: tuple[float, list[int]]) -> Floor:
    """After looks at these moments, which found these positions."""
    for now, there in looks:
        floor.at(now)
        floor.found(there, now)
    return floor


def test_the_first_look_sees_everything() -> None:
    assert Floor().at(100.0) == 0


def test_a_look_begins_at_what_was_lowest_once_commits_of_that_moment_are_over() -> None:
    floor = looked(Floor(), (100.0, [7, 9]), (100.0 + SETTLED_S / 2, [12]))
    assert floor.at(100.0 + SETTLED_S - STEP_S) == 0
    assert floor.at(100.0 + SETTLED_S) == 7
    assert floor.at(100.0 + 1.5 * SETTLED_S) == 12


def test_where_nothing_is_left_it_begins_behind_all_that_was_there() -> None:
    floor = looked(Floor(), (100.0, [7, 9]), (101.0, []))
    assert floor.at(101.0 + SETTLED_S) == 10


def test_what_came_late_and_still_waits_is_looked_at() -> None:
    # 5 had its position before the look that found 8, and was committed after it; what has its key waits behind it.
    floor = looked(Floor(), (100.0, [8]), (101.0, [5, 8]))
    assert floor.at(100.0 + SETTLED_S) == 5


def test_of_looks_close_together_the_lowest_counts() -> None:
    floor = looked(Floor(), (100.0, [8]), (100.0 + STEP_S / 2, [6]), (100.0 + STEP_S / 1.5, [9]))
    assert floor.at(100.0 + SETTLED_S) == 6


def test_every_few_seconds_a_look_sees_everything() -> None:
    floor = looked(Floor(), (100.0, [7]))
    assert floor.at(100.0 + WHOLE_EVERY_S - STEP_S) == 7
    assert floor.at(100.0 + WHOLE_EVERY_S) == 0
    assert floor.at(100.0 + WHOLE_EVERY_S + STEP_S) == 7


def test_what_is_forgotten_is_not_built_upon() -> None:
    floor = looked(Floor(), (100.0, [70]), (103.0, []))
    floor.clear()
    assert floor.at(103.5) == 0
    floor.found([], 103.5)
    assert floor.at(104.5 + SETTLED_S) <= 1
