"""The tables of what comes in versions: one of its versions, and rows of each version that are never changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

import sqlalchemy as sa

from services.grid.domain.versions import Version, Versioned
from services.kernel.paging import Page, PageRequest

_MOMENT = sa.DateTime(timezone=True)
_Said = TypeVar("_Said", bound=Versioned)


class VersionTable:
    """The table of one thing's versions, and the statements on it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._tables = sa.MetaData()
        table = sa.Table(
            name,
            self._tables,
            sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
            sa.Column("digest", sa.Text),
            sa.Column("effective_from", _MOMENT),
            sa.Column("imported_at", _MOMENT),
        )
        self.number, self.effective_from = table.c.number, table.c.effective_from
        self.last_first = sa.select(table).order_by(self.effective_from.desc(), self.number.desc())
        self.version_at = self.last_first.where(self.effective_from <= sa.bindparam("at", type_=_MOMENT)).limit(1)
        self.number_at = self.version_at.with_only_columns(self.number)
        self.lock = sa.text(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
        self.add = sa.insert(table).returning(self.number)

    def rows(self, name: str, /, **columns: Any) -> sa.Table:
        """A table of rows that belong to a version, whose number stands in the column of this table's name."""
        kinds = {self.name: sa.BigInteger, **columns}
        return sa.Table(name, self._tables, *(sa.Column(column, kind) for column, kind in kinds.items()))


class VersionStore(ABC, Generic[_Said]):
    """The versions of one thing over one connection. Is a `usecases.versions.Versions`."""

    table: ClassVar[VersionTable]

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        """Let no other import in until the end of the transaction; reading goes on."""
        self._connection.execute(self.table.lock)

    def version_at(self, at: datetime) -> Version | None:
        """The version in force at a moment; None before the first."""
        found = self._connection.execute(self.table.version_at, {"at": at}).first()
        return Version(*found) if found else None

    def versions(self, page: PageRequest) -> Page[Version]:
        """The versions by when they come into force, the last one first."""
        wanted = self.table.last_first
        if page.after:
            wanted = wanted.where(sa.tuple_(self.table.effective_from, self.table.number) < page.after)
        found = self._connection.execute(wanted.limit(page.fetch))
        return page.cut([Version(*row) for row in found], key=lambda each: (each.effective_from, each.number))

    def add(self, said: _Said, effective_from: datetime, now: datetime) -> Version:
        """Keep a version."""
        values: dict[str, Any] = {"digest": said.digest, "effective_from": effective_from, "imported_at": now}
        version = Version(self._connection.execute(self.table.add, values).scalar_one(), **values)
        self._keep(said, version)
        return version

    @abstractmethod
    def _keep(self, said: _Said, version: Version) -> None:
        """Keep what it says as rows of this version."""

    def _keep_rows(self, table: sa.Table, version: Version, rows: Iterable[dict[str, Any]]) -> None:
        if kept := [{self.table.name: version.number, **row} for row in rows]:
            self._connection.execute(sa.insert(table), kept)
