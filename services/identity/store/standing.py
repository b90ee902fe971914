"""How persons and member systems stand: on their own rows, since it is their own version that counts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.identity.domain.standing import Reason, Standing
from services.identity.store.tables import department, holder, member, staff
from services.kernel.parties import Party

_ID: sa.BindParameter[Any] = sa.bindparam("id")
_WITHIN: sa.BindParameter[str] = sa.bindparam("within")


def _columns(table: sa.Table) -> tuple[sa.Column[Any], ...]:
    return table.c.version, table.c.disabled_since, table.c.disable_reason


_STANDING = {
    "client": (sa.select(*_columns(member)).where(member.c.client_id == _ID, member.c.region.startswith(_WITHIN)),),
    "person": (
        sa.select(*_columns(staff))
        .join(department, department.c.code == staff.c.department)
        .where(staff.c.person_id == _ID, department.c.region.startswith(_WITHIN)),
        sa.select(*_columns(holder)).where(holder.c.holder_id == _ID, holder.c.region.startswith(_WITHIN)),
    ),
}


def _save(table: sa.Table, key: sa.Column[Any]) -> sa.Update:
    return (
        sa.update(table)
        .where(key == _ID, table.c.version == sa.bindparam("seen"))
        .values(
            version=sa.bindparam("next"),
            disabled_since=sa.bindparam("since"),
            disable_reason=sa.bindparam("reason"),
        )
    )


_SAVE = {
    "client": (_save(member, member.c.client_id),),
    "person": (_save(staff, staff.c.person_id), _save(holder, holder.c.holder_id)),
}


class StandingStore:
    """Standings in the database. A `person` is whoever can be the subject of a token: staff, citizens, enterprises."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def standing(self, party: Party, *, within: str) -> Standing | None:
        """How a person or a member system stands, None if there is none in the caller's region."""
        for statement in _STANDING[party.kind]:
            row = self._connection.execute(statement, {"id": _key(party), "within": within}).one_or_none()
            if row is not None:
                reason = Reason(row.disable_reason) if row.disable_reason else None
                return Standing(row.version, row.disabled_since, reason)
        return None

    def save_standing(self, party: Party, standing: Standing) -> bool:
        """Keep the next version; False when the version before it is no longer there."""
        given = {
            "id": _key(party),
            "seen": standing.version - 1,
            "next": standing.version,
            "since": standing.since,
            "reason": standing.reason,
        }
        return any(self._connection.execute(statement, given).rowcount for statement in _SAVE[party.kind])


def _key(party: Party) -> UUID | str:
    return UUID(party.id) if party.kind == "person" else party.id
