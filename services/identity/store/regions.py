"""Load and list regions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from services.identity.domain.regions import Region
from services.identity.store.tables import region
from services.kernel.errors import not_found
from services.kernel.paging import Page, PageRequest
from services.kernel.regions import Level

_BY_CODE = sa.select(region).where(
    region.c.code == sa.bindparam("code"), region.c.code.startswith(sa.bindparam("within"))
)
_BELOW = (
    sa.select(region)
    .where(region.c.parent_code == sa.bindparam("parent_code"), region.c.code > sa.bindparam("after"))
    .order_by(region.c.code)
    .limit(sa.bindparam("fetch"))
)


class RegionStore:
    """Regions in the database."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def region(self, code: str, *, within: str = "") -> Region | None:
        """The region with this code, if its code begins with `within`; None if there is none."""
        row = self._connection.execute(_BY_CODE, {"code": code, "within": within}).one_or_none()
        return None if row is None else _region(row)

    def load_region(self, code: str) -> Region:
        """The region with this code. Raises Refusal REGION_UNKNOWN."""
        found = self.region(code)
        if found is None:
            raise not_found("REGION_UNKNOWN")
        return found

    def regions_below(self, parent_code: str, page: PageRequest) -> Page[Region]:
        """A page of the regions directly below a code, by code; below the empty code is the city."""
        (after,) = page.after or ("",)
        given = {"parent_code": parent_code, "after": after, "fetch": page.fetch}
        rows = [_region(row) for row in self._connection.execute(_BELOW, given)]
        return page.cut(rows, key=lambda one: (one.code,))


def _region(row: sa.Row[Any]) -> Region:
    return Region(row.code, Level(row.level), row.parent_code, row.name, row.generated, row.valid_from, row.valid_until)
