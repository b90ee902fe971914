"""Which rows are played, and what becomes of them by the draws."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.replaying import mapping
from deploy.local.replaying.rows import LeftOut, Row
from tests.replay.fate import mains_of, steps_of
from tests.replay.rows import moved, read, year_of
from tests.replay.steps import Action

ROW = Row(
    source="chicago", number="14-1", nature="Garbage in alley", detail="", area="61", block="48XX S WOOD",
    created=datetime(2014, 3, 5, tzinfo=UTC), closed=datetime(2014, 3, 9, tzinfo=UTC), duplicate=False,
)  # fmt: skip
SEEDS = range(300)


def test_a_day_of_2014_becomes_the_same_day_of_2025_and_the_same_weekday() -> None:
    found = moved(ROW)
    assert found.created.isoformat() == "2025-03-05T00:00:00+08:00"
    assert found.created.weekday() == ROW.created.weekday()
    assert found.closed == found.created + timedelta(days=4)


def test_whole_blocks_are_taken_until_there_are_enough() -> None:
    rows = [replace(ROW, number=f"14-{n}", block=f"{n % 5}XX S WOOD") for n in range(50)]
    year = year_of(rows, mapping.load(), 15)
    assert len(year.rows) == 20
    assert len({each.row.block for each in year.rows}) == 2
    assert year.left_out == {"NOT_TAKEN": 30}


def test_rows_that_are_not_played_are_counted_by_reason() -> None:
    old, unsaid = replace(ROW, created=ROW.created.replace(year=2013)), replace(ROW, nature="")
    rows: list[Row | LeftOut] = [old, unsaid, LeftOut("x", "UNREADABLE")]
    assert year_of(rows, mapping.load(), 10).left_out == {"ANOTHER_YEAR": 1, "NATURE_NOT_SAID": 1, "UNREADABLE": 1}


def test_the_samples_that_ship_here_have_rows_of_every_month_and_duplicates_with_their_main() -> None:
    year = year_of(read(None), mapping.load(), 10_000)
    assert {each.row.created.month for each in year.rows} == set(range(1, 13))
    assert mains_of(each.row for each in year.rows)


@pytest.mark.parametrize("closed", [timedelta(), timedelta(days=4), None])
def test_steps_are_in_order_and_end_as_the_row_does(closed: timedelta | None) -> None:
    row = moved(replace(ROW, closed=None if closed is None else ROW.created + closed))
    for seed in SEEDS:
        steps = steps_of(row, seed, None)
        assert [each.at for each in steps] == sorted({each.at for each in steps})
        assert steps == steps_of(row, seed, None)
        assert (steps[-1].action is Action.CLOSE) == (closed is not None)


def test_every_way_is_gone() -> None:
    row = moved(ROW)
    rows = (row, replace(row, source="nyc"), replace(row, closed=None))
    gone = {step.action for each in rows for seed in SEEDS for step in steps_of(each, seed, None)}
    assert gone == set(Action) - {Action.MERGE, Action.DISMISS}


def test_a_duplicate_is_merged_into_what_was_open_on_its_block_or_closed_as_one() -> None:
    main = moved(ROW)
    duplicate = moved(replace(ROW, number="14-2", created=ROW.created + timedelta(days=2), duplicate=True))
    later = replace(duplicate, number="14-3", created=main.created + timedelta(days=4))
    elsewhere = replace(duplicate, number="14-4", block="1XX S WOOD")
    assert mains_of([later, elsewhere, duplicate, main]) == {duplicate.key: main.key}
    assert [each.action for each in steps_of(duplicate, 1, main.key)] == [Action.FILE, Action.MERGE]
    assert [each.action for each in steps_of(later, 1, None)] == [Action.FILE, Action.DISMISS]
