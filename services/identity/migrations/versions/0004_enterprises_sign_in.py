"""Member systems that vouch for enterprises."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE member ADD COLUMN vouches_for_enterprises boolean NOT NULL DEFAULT false")
