"""The table of what phones submitted, by reporter and the phone's id: for ever, where kept outcomes last a week."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.grid.domain.batches import Submitted
from services.kernel.errors import conflict
from services.kernel.parties import Party

ITEM = sa.Table(
    "submitted_item",
    sa.MetaData(),
    sa.Column("reporter_kind", sa.Text, primary_key=True),
    sa.Column("reporter_id", sa.Text, primary_key=True),
    sa.Column("item_id", sa.Uuid, primary_key=True),
    sa.Column("digest", sa.LargeBinary),
    sa.Column("incident_id", sa.Uuid),
    sa.Column("case_number", sa.Text),
    sa.Column("captured_at", sa.DateTime(timezone=True)),
    sa.Column("received_at", sa.DateTime(timezone=True)),
)
_FIND = sa.select(ITEM.c.incident_id, ITEM.c.case_number, ITEM.c.captured_at, ITEM.c.received_at, ITEM.c.digest).where(
    ITEM.c.reporter_kind == sa.bindparam("kind"),
    ITEM.c.reporter_id == sa.bindparam("party_id"),
    ITEM.c.item_id == sa.bindparam("item"),
)
_ADD = insert(ITEM).on_conflict_do_nothing().returning(ITEM.c.item_id)


class BatchStore:
    """Submissions over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, reporter: Party, item_id: UUID) -> Submitted | None:
        """What became of a reporter's submission; None when it never came."""
        found = self._connection.execute(_FIND, {"kind": reporter.kind, "party_id": reporter.id, "item": item_id})
        row = found.one_or_none()
        return Submitted(*row[:-1], digest=bytes(row.digest)) if row else None

    def add(self, reporter: Party, item_id: UUID, submitted: Submitted) -> None:
        """Remember it; Refusal IN_PROGRESS when somebody else just did: the next try finds theirs."""
        row = {
            "reporter_kind": reporter.kind,
            "reporter_id": reporter.id,
            "item_id": item_id,
            "digest": submitted.digest,
            "incident_id": submitted.incident_id,
            "case_number": submitted.case_number,
            "captured_at": submitted.captured_at,
            "received_at": submitted.received_at,
        }
        if self._connection.execute(_ADD, row).first() is None:
            raise conflict("IN_PROGRESS", retry_after_s=0.2)
