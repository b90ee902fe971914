"""Partitions: those to come are made, those past their keeping dropped."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

KEEP_MONTHS = sa.text("SELECT keep_months(:months)")
KEEP_DAYS = sa.text("SELECT keep_days(:tables, :days)")


def keep_months(connection: sa.Connection, months: int) -> None:
    """Keep events, effects and cases of so many months."""
    connection.execute(KEEP_MONTHS, {"months": months})


def keep_days(connection: sa.Connection, tables: Sequence[str], days: int) -> None:
    """Keep so many days of `span`, `failure`, `metric`."""
    connection.execute(KEEP_DAYS, {"tables": list(tables), "days": days})
