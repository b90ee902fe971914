"""Who looked at whose record, from the audit log that the chassis keeps."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from services.identity.domain.accesses import Access
from services.kernel.paging import Page, PageRequest

# The methods that show one holder's record. Written out, since the index on the audit log holds their rows alone.
_READS = "method = 'egov.identity.v1.IdentityService/GetHolder'"
_LOOKS = (
    "SELECT id, logged_at, coalesce(client, '') AS client, coalesce(subject, '') AS subject,"
    " coalesce(department, '') AS department, method, coalesce(case_number, '') AS case_number, outcome"
    f" FROM chassis.audit_log WHERE {_READS} AND target = :target"
)
_ORDER = " ORDER BY logged_at DESC, id DESC LIMIT :fetch"
_FIRST = sa.text(_LOOKS + _ORDER)
_AFTER = sa.text(f"{_LOOKS} AND (logged_at, id) < (:at, :id){_ORDER}")


class AccessStore:
    """Looks at records in the database."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def accesses(self, holder_id: UUID, page: PageRequest) -> Page[Access]:
        """A page of the looks at a holder's record, newest first."""
        given = {"target": str(holder_id), "fetch": page.fetch}
        if page.after is None:
            found = self._connection.execute(_FIRST, given)
        else:
            at, last = page.after
            found = self._connection.execute(_AFTER, given | {"at": at, "id": last})
        return page.cut([Access(*row) for row in found], key=lambda one: (one.at, one.id))
