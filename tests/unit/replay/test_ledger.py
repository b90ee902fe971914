from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.replaying.accounts import Counts
from deploy.local.replaying.ledger import Ledger, Opening, RunUnfit, run_name

BEGAN = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
OPENING = Opening(BEGAN, "all rows", {"egov.grid.v1": {0: 7, 5: 0}}, Counts({"grid": 1}, {"grid": 2}, 3, 4))


def test_a_run_goes_on_where_its_books_were_opened(tmp_path: Path) -> None:
    Ledger(tmp_path).begin("first", OPENING)
    assert Ledger(tmp_path).find("first", "all rows", BEGAN + timedelta(hours=1)) == OPENING


def test_a_new_run_has_no_opening(tmp_path: Path) -> None:
    assert Ledger(tmp_path).find(run_name(BEGAN), "all rows", BEGAN) is None


@pytest.mark.parametrize(
    ("run", "rows", "later"),
    [("First!", "all rows", 0), ("../first", "all rows", 0), ("first", "10 rows", 0), ("first", "all rows", 7)],
)
def test_a_run_that_cannot_go_on_says_so(tmp_path: Path, run: str, rows: str, later: int) -> None:
    ledger = Ledger(tmp_path)
    ledger.begin("first", OPENING)
    with pytest.raises(RunUnfit):
        ledger.find(run, rows, BEGAN + timedelta(days=later))
