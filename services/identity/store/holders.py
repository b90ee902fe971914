"""Load and save persons and enterprises."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.identity.domain.holders import Holder
from services.identity.store.tables import holder

_BY_ID = sa.select(holder).where(
    holder.c.holder_id == sa.bindparam("holder_id"), holder.c.region.startswith(sa.bindparam("within"))
)
_BY_NUMBER = sa.select(holder).where(
    holder.c.number_hash == sa.bindparam("number_hash"), holder.c.kind_code == sa.bindparam("kind_code")
)
_ADD = insert(holder).on_conflict_do_nothing().returning(holder.c.holder_id)


class HolderStore:
    """Persons and enterprises in the database. `within` is the region prefix that the caller is bound to."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def holder(self, holder_id: UUID, *, within: str = "") -> Holder | None:
        """The person or enterprise, None if there is none there."""
        given = {"holder_id": holder_id, "within": within}
        return _holder(self._connection.execute(_BY_ID, given).one_or_none())

    def holder_by_number(self, kind_code: str, number_hash: str) -> Holder | None:
        """The person or enterprise with this number, None if there is none."""
        given = {"kind_code": kind_code, "number_hash": number_hash}
        return _holder(self._connection.execute(_BY_NUMBER, given).one_or_none())

    def add_holder(self, new: Holder) -> bool:
        """Keep a new holder; False when its number is registered already."""
        return self._connection.execute(_ADD, as_row(new)).one_or_none() is not None


def as_row(known: Holder) -> dict[str, Any]:
    """The columns of a holder; how it stands is saved apart."""
    row = dataclasses.asdict(known)
    del row["disabled"]
    return row


def _holder(row: sa.Row[Any] | None) -> Holder | None:
    if row is None:
        return None
    columns = dict(row._mapping)
    del columns["disable_reason"]
    return Holder(disabled=columns.pop("disabled_since") is not None, **columns)
