"""Tells failures from waits: how often a kept event's handler failed, and since when it is tried.

The release before goes on counting all tries together.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE chassis.parked_event ADD COLUMN failures int NOT NULL DEFAULT 0,"
        " ADD COLUMN since timestamptz NOT NULL DEFAULT clock_timestamp()"
    )
