"""Where an app stands among the changes, and when it has to start over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.grid.domain.sync import TOKEN_LASTS, Audience, Bookmark, Change, Changes, Place, Standing
from services.grid.wire import sync
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from tests.unit.fakes import NOW, WANG, caller

HERE = Audience("371102")
STANDING = Standing("1/00000001", 100, NOW)
FIRST = Bookmark.first(HERE, STANDING)


def test_who_speaks_for_no_department_keeps_their_own_reports() -> None:
    citizen, officer = caller(subject=WANG), caller(subject=WANG, department="371102-CGJ")
    assert Audience.of(citizen, "3711", only_department=True) == Audience("3711", ("person", WANG))  # type: ignore[arg-type]
    assert Audience.of(officer, "3711", only_department=False) == Audience("3711")
    assert Audience.of(officer, "3711", only_department=True) == Audience("3711", None, "371102-CGJ")


def test_a_bookmark_stands_behind_the_last_change_or_at_the_horizon() -> None:
    last = Place(42, uuid7())
    some = Changes((Change(last.incident_id, None),), last, more=True)
    assert FIRST.moved(some, STANDING).after == last
    assert FIRST.moved(replace(some, more=False), STANDING).after == Place(100)


def test_a_token_is_read_as_it_was_written() -> None:
    kept = replace(FIRST, after=Place(2**63 - 1, uuid7()))
    assert sync.bookmark(sync.token(kept)) == kept
    assert len(sync.token(replace(kept, epoch=f"{2**64}/00000001"))) <= 400
    assert sync.bookmark("") is None


@pytest.mark.parametrize("forged", ["bm9uc2Vuc2U", *(sync.token(replace(FIRST, floor=each)) for each in (-1, 2**63))])
def test_what_is_no_token_of_ours_is_refused(forged: str) -> None:
    with pytest.raises(Refusal) as refused:
        sync.bookmark(forged)
    assert [each.rule for each in refused.value.violations] == ["PAGE_TOKEN_INVALID"]


@pytest.mark.parametrize(
    ("audience", "standing"),
    [
        (Audience("371103"), STANDING),
        (Audience("371102", None, "371102-CGJ"), STANDING),
        (HERE, replace(STANDING, epoch="1/00000002")),
        (HERE, replace(STANDING, at=NOW + TOKEN_LASTS + timedelta(seconds=1))),
    ],
    ids=["another region", "a part of it", "a restored database", "too old"],
)
def test_an_app_starts_over_where_changes_could_be_left_out(audience: Audience, standing: Standing) -> None:
    with pytest.raises(Refusal) as refused:
        FIRST.demand_good(audience, standing)
    assert refused.value.reason == "SYNC_START_OVER"


def test_an_app_goes_on_within_a_month() -> None:
    FIRST.demand_good(HERE, replace(STANDING, at=NOW + TOKEN_LASTS))
