"""Partitions: those to come are made, those past their keeping dropped."""

from __future__ import annotations

import sqlalchemy as sa

KEEP_MONTHS = sa.text("SELECT keep_months(:months)")
KEEP_DAYS = sa.text("SELECT keep_days(:days)")


def keep_months(connection: sa.Connection, months: int) -> None:
    """Keep events, effects and cases of so many months."""
    connection.execute(KEEP_MONTHS, {"months": months})


def keep_days(connection: sa.Connection, days: int) -> None:
    """Keep spans and failed calls of so many days."""
    connection.execute(KEEP_DAYS, {"days": days})
