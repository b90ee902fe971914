"""Why a call was made, where the caller had to say so: operators who retry or give up an event."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE chassis.audit_log ADD COLUMN note text")
