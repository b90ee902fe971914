"""The net in PostgreSQL: loaded, refused, found in, replaced by another; and incidents that keep where they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from services.grid.domain.places import Position
from services.grid.geometry.keeping import KeptNet, NetKeeper
from services.grid.load import main
from services.grid.store.incidents import IncidentStore
from services.grid.store.net import NET, UNIT_GRID, NetStore
from services.kernel.coordinates import Point
from tests.integration.conftest import Engine
from tests.unit.grid.nets import NEXT_VILLAGE, VILLAGE, at, box, feature, row, write
from tests.unit.grid.samples import accepted, closed, dispatched, handled, incident, verified
from tests.unit.grid.test_load import SAMPLE, folder

FIRST, SECOND = f"{VILLAGE}001", f"{VILLAGE}002"


@dataclass
class Reads:
    connection: sa.Connection


class Net:
    """The net of a database, and the command that replaces it."""

    def __init__(self, engine: sa.Engine, at_hand: Path) -> None:
        self._engine, self._folder = engine, folder(at_hand)
        (at_hand / "regions.csv").write_text(f"code\n{VILLAGE}\n{NEXT_VILLAGE}\n", "utf-8")
        self._keeper = NetKeeper()

    def load(self, features: list[Any]) -> int:
        write(self._folder, features)
        return main([str(self._folder)])

    def nearest(self, point: Point) -> str | None:
        with self._engine.connect() as connection:
            return KeptNet(self._keeper, NetStore(Reads(connection))).nearest(point, 2)

    def count(self, table: sa.Table, *wanted: sa.ColumnElement[bool]) -> int:
        with self._engine.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table).where(*wanted)).scalar_one()


@pytest.fixture
def net(engine_of: Engine, postgres: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    engine, owner = engine_of("grid"), postgres.wiring.database("grid", True)
    monkeypatch.setenv("DATABASE_URL_GRID_OWNER", owner)
    yield Net(engine, tmp_path)


IN_FORCE = UNIT_GRID.c.in_force_until.is_(None)


def test_a_net_is_loaded_once_and_found_in(net: Net) -> None:
    before = net.count(NET)
    for _ in range(2):
        assert net.load(row()) == 0
    assert (net.count(NET), net.count(UNIT_GRID, IN_FORCE)) == (before + 1, 3)
    assert net.nearest(at(150, 50)) == SECOND
    assert net.nearest(at(-5, 50)) is None


def test_a_wrong_net_leaves_the_one_before(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    net.load(row())
    capsys.readouterr()
    assert net.load([feature(FIRST, box(0, 0, 100, 100)), feature(SECOND, box(50, 0, 150, 100))]) == 1
    said = capsys.readouterr().err
    assert f"net.geojson: {SECOND}: Overlaps grid {FIRST} by" in said and f"与网格 {FIRST} 重叠" in said
    assert net.nearest(at(250, 50)) == f"{VILLAGE}003"


def test_another_net_is_in_force_at_once_and_the_one_before_is_kept(net: Net) -> None:
    net.load(row())
    assert net.nearest(at(50, 50)) == FIRST
    kept = net.count(UNIT_GRID)
    # The first grid as before, the second wider, the third gone, one of another village new.
    assert net.load([*row(count=1), feature(SECOND, box(100, 0, 300, 100)), *row(NEXT_VILLAGE, 1, west=300)]) == 0
    assert [net.nearest(at(east, 50)) for east in (50, 250, 350)] == [FIRST, SECOND, f"{NEXT_VILLAGE}001"]
    assert (net.count(UNIT_GRID), net.count(UNIT_GRID, IN_FORCE)) == (kept + 2, 3)
    ended = UNIT_GRID.c.in_force_until.is_not(None)
    assert net.count(UNIT_GRID, UNIT_GRID.c.code == SECOND, ended) >= 1
    assert net.count(UNIT_GRID, UNIT_GRID.c.code == FIRST, IN_FORCE) == 1


def test_an_incident_keeps_its_point_and_its_grid_whatever_becomes_of_the_net(net: Net, engine_of: Engine) -> None:
    net.load(row())
    filed = incident(region=SECOND, position=Position(at(150, 50), 12.5))
    ended = closed(verified(handled(accepted(dispatched(filed)))))
    with engine_of("grid").connect() as connection:
        store = IncidentStore(connection)
        store.add(ended)
        net.load(row(count=1))
        assert store.load(ended.id, "3711").report == ended.report
        assert store.load(ended.id, SECOND) == ended
        connection.rollback()


def test_the_sample_city_is_found_in(net: Net) -> None:
    assert main([str(SAMPLE)]) == 0
    assert net.nearest(Point(35.6098, 118.988)) == "371102001001002"
