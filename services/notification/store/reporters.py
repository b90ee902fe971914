"""The table of who reported what a case is about, for events of the case that do not say it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.kernel.parties import Party
from services.notification.domain.notices import Reporter

CASE_REPORTER = sa.Table(
    "case_reporter",
    sa.MetaData(),
    sa.Column("case_number", sa.Text, primary_key=True),
    sa.Column("reporter_kind", sa.Text),
    sa.Column("reporter_id", sa.Text),
    sa.Column("reference", sa.Text),
)

_REMEMBER = insert(CASE_REPORTER).on_conflict_do_nothing()
_FIND = sa.select(CASE_REPORTER).where(CASE_REPORTER.c.case_number == sa.bindparam("case_number"))


class ReporterStore:
    """Who reported, by case, over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def remember(self, case_number: str, reporter: Reporter) -> None:
        """Keep who reported; the first who is named stays."""
        kind, id = reporter.party
        row = {"case_number": case_number, "reporter_kind": kind, "reporter_id": id, "reference": reporter.reference}
        self._connection.execute(_REMEMBER, row)

    def find(self, case_number: str) -> Reporter | None:
        """Who reported; None when that is not known."""
        row = self._connection.execute(_FIND, {"case_number": case_number}).mappings().first()
        return Reporter(Party(row["reporter_kind"], row["reporter_id"]), row["reference"]) if row else None
