"""What codes are called: read from identity now and then, and kept, so that names are there while identity is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from observability.casetrace.domain.names import CodeName, Directory

READ_AT = sa.text("SELECT max(read_at) FROM code_name")
ALL = sa.text("SELECT code, name, name_en FROM code_name")
KEEP = (
    "INSERT INTO code_name (code, name, name_en, read_at)"
    " SELECT code, name, name_en, %(now)s FROM unnest(%(codes)s::text[], %(names)s::text[], %(names_en)s::text[])"
    " AS n (code, name, name_en) ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,"
    " read_at = excluded.read_at"
)
DROP = sa.text("DELETE FROM code_name WHERE read_at < :now")


class NameStore:
    """Names over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def read_at(self) -> datetime | None:
        """When the names were read last; None if never."""
        moment: datetime | None = self._connection.execute(READ_AT).scalar_one()
        return moment

    def directory(self) -> Directory:
        """All names."""
        return Directory({row.code: CodeName(*row) for row in self._connection.execute(ALL)})

    def replace(self, names: Sequence[CodeName], now: datetime) -> None:
        """Keep these, and no others."""
        columns = dict(zip(("codes", "names", "names_en"), map(list, zip(*names, strict=True)), strict=True))
        self._connection.exec_driver_sql(KEEP, columns | {"now": now})
        self._connection.execute(DROP, {"now": now})
