import os
from pathlib import Path

import pytest

from deploy.local import places
from deploy.local.places import Account

OTHER = Account("somebody", 4_000_001, 4_000_001)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "OUTSIDE", tmp_path / "outside")
    return tmp_path / "outside"


def test_our_own_account_stays_in_the_folder(tmp_path: Path, outside: Path) -> None:
    assert places.home_for(tmp_path / "closed" / "data", None) == tmp_path / "closed" / "data"
    assert not outside.exists()


def test_an_account_that_cannot_enter_gets_a_stand_in(tmp_path: Path, outside: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = places.home_for(closed / "data", OTHER)
    assert home.parent == outside and places.home_for(closed / "data", OTHER) == home


def test_an_account_can_enter_what_is_open_to_all_or_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir(mode=0o700)
    own = Account("own", os.getuid(), os.getgid())
    assert places._passes(folder, own) and not places._passes(folder, OTHER)
    folder.chmod(0o711)
    assert places._passes(folder, OTHER)


def test_forgetting_a_folder_takes_its_stand_in_along(tmp_path: Path, outside: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = places.home_for(closed / "data", OTHER)
    places.forget(closed / "data")
    assert not home.exists()


def test_a_stand_in_goes_with_its_folder(tmp_path: Path, outside: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir(mode=0o700)
    orphan = places.home_for(tmp_path / "one" / "data", OTHER)
    (tmp_path / "one" / "data").rmdir()
    kept = places.home_for(tmp_path / "two" / "data", OTHER)
    assert kept.exists() and not orphan.exists()
