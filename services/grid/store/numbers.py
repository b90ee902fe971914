"""The table of departments' own numbers: one for each department and incident, and each once in a department."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.grid.domain.numbers import DepartmentNumber, taken

NUMBER = sa.Table(
    "department_number",
    sa.MetaData(),
    sa.Column("department", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("incident_id", sa.Uuid),
    sa.Column("given_at", sa.DateTime(timezone=True)),
)
_OF = (
    sa.select(NUMBER.c.incident_id, NUMBER.c.department, NUMBER.c.number)
    .where(NUMBER.c.incident_id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid))))
    .order_by(NUMBER.c.given_at, NUMBER.c.department)
)
_MINE = sa.and_(NUMBER.c.incident_id == sa.bindparam("incident"), NUMBER.c.department == sa.bindparam("of_department"))
_KEPT = sa.select(NUMBER.c.number).where(_MINE)
_DROP = sa.delete(NUMBER).where(_MINE)
_GIVE = insert(NUMBER).on_conflict_do_nothing().returning(NUMBER.c.number)


class NumberStore:
    """Numbers over one connection. Is a `usecases.work.Numbers`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, incident_ids: Collection[UUID]) -> Mapping[UUID, list[DepartmentNumber]]:
        """The numbers of incidents, as they came."""
        found: dict[UUID, list[DepartmentNumber]] = defaultdict(list)
        for incident, department, number in self._connection.execute(_OF, {"ids": list(incident_ids)}):
            found[incident].append(DepartmentNumber(department, number))
        return found

    def kept(self, incident_id: UUID, department: str) -> str:
        """A department's number for an incident; empty: it has none."""
        given = {"incident": incident_id, "of_department": department}
        return self._connection.execute(_KEPT, given).scalar() or ""

    def give(self, incident_id: UUID, department: str, number: str, at: datetime) -> None:
        """Keep a number in place of the one there was; Refusal DEPARTMENT_NUMBER_TAKEN when it is another one's."""
        given = {"incident": incident_id, "of_department": department}
        self._connection.execute(_DROP, given)
        row = {"department": department, "number": number, "incident_id": incident_id, "given_at": at}
        if self._connection.execute(_GIVE, row).first() is None:
            raise taken()
