"""The tables of the net: every unit grid that ever was in force, with its polygon, and which net is in force now.

A grid that the net has no longer, or has with another border, stays with the time in which it was in force: an incident
names the grid in force when it was filed, and goes on doing so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import sqlalchemy as sa

from services.grid.domain.net import UnitGrid

_TABLES = sa.MetaData()
_MOMENT = sa.DateTime(timezone=True)

NET = sa.Table(
    "net",
    _TABLES,
    sa.Column("version", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("digest", sa.Text),
    sa.Column("grids", sa.Integer),
    sa.Column("in_force_from", _MOMENT),
)
UNIT_GRID = sa.Table(
    "unit_grid",
    _TABLES,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("in_force_from", _MOMENT, primary_key=True),
    sa.Column("in_force_until", _MOMENT),
    sa.Column("boundary", sa.LargeBinary),
    sa.Column("area_m2", sa.Double),
)
_IN_FORCE = UNIT_GRID.c.in_force_until.is_(None)
_DIGEST = sa.select(NET.c.digest).order_by(NET.c.version.desc()).limit(1)
_BOUNDARIES = sa.select(UNIT_GRID.c.code, UNIT_GRID.c.boundary).where(_IN_FORCE)
_END = (
    sa.update(UNIT_GRID)
    .where(_IN_FORCE, UNIT_GRID.c.code.in_(sa.bindparam("ended", expanding=True)))
    .values(in_force_until=sa.func.now())
)


class Connected(Protocol):
    """Who has a connection, opened at first use."""

    @property
    def connection(self) -> sa.Connection:
        """The connection."""


class NetStore:
    """The net in force. Is a `geometry.keeping.NetSource`; `reads` is asked for a connection only when it is needed."""

    def __init__(self, reads: Connected) -> None:
        self._reads = reads

    def version(self) -> str:
        """What tells one net from another; empty when none was ever loaded."""
        return self._reads.connection.execute(_DIGEST).scalar() or ""

    def boundaries(self) -> Mapping[str, bytes]:
        """The polygon of every grid in force by its code."""
        return _boundaries(self._reads.connection)


def replace_net(connection: sa.Connection, grids: Sequence[UnitGrid]) -> None:
    """Make these the net from now on; the same net again changes nothing."""
    digest = _digest(grids)
    if digest == connection.execute(_DIGEST).scalar():
        return
    before = _boundaries(connection)
    after = {grid.code: grid.boundary for grid in grids}
    if ended := [code for code, boundary in before.items() if after.get(code) != boundary]:
        connection.execute(_END, {"ended": ended})
    if begun := [_values(grid) for grid in grids if before.get(grid.code) != grid.boundary]:
        connection.execute(sa.insert(UNIT_GRID).values(in_force_from=sa.func.now()), begun)
    now = {"digest": digest, "grids": len(grids), "in_force_from": sa.func.now()}
    connection.execute(sa.insert(NET).values(now))


def _digest(grids: Sequence[UnitGrid]) -> str:
    ordered = sorted((grid.code, grid.boundary) for grid in grids)
    return hashlib.sha256(b"".join(code.encode() + boundary for code, boundary in ordered)).hexdigest()


def _values(grid: UnitGrid) -> dict[str, object]:
    return {"code": grid.code, "boundary": grid.boundary, "area_m2": grid.area_m2}


def _boundaries(connection: sa.Connection) -> dict[str, bytes]:
    return {row.code: row.boundary for row in connection.execute(_BOUNDARIES)}
