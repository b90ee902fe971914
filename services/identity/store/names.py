"""List what regions and departments are called."""

from __future__ import annotations

import sqlalchemy as sa

from services.identity.domain.names import CodeName
from services.identity.store.tables import department, region
from services.kernel.paging import Page, PageRequest

_NAMED = sa.union_all(
    sa.select(region.c.code, region.c.name, sa.literal("").label("name_en")),
    sa.select(department.c.code, department.c.name, department.c.name_en),
).subquery()
_LISTED = (
    sa.select(_NAMED).where(_NAMED.c.code > sa.bindparam("after")).order_by(_NAMED.c.code).limit(sa.bindparam("fetch"))
)


class NameStore:
    """Names in the database, of regions and departments alike: no code of one is a code of the other."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def names(self, page: PageRequest) -> Page[CodeName]:
        """A page of all names, by code."""
        (after,) = page.after or ("",)
        rows = [CodeName(*row) for row in self._connection.execute(_LISTED, {"after": after, "fetch": page.fetch})]
        return page.cut(rows, key=lambda one: (one.code,))
