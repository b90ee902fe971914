"""Counts tries of parked events that began and did not end, so that a handler that ends its process is given up."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE chassis.parked_event ADD COLUMN in_hand int NOT NULL DEFAULT 0")
