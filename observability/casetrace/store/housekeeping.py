"""Partitions: those to come are made, those past their keeping dropped."""

from __future__ import annotations

import sqlalchemy as sa

KEEP_MONTHS = sa.text("SELECT keep_months(:months)")


def keep_months(connection: sa.Connection, months: int) -> None:
    """Keep events, effects and cases of so many months."""
    connection.execute(KEEP_MONTHS, {"months": months})
