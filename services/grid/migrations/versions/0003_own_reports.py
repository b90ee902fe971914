"""Whoever speaks for no department is shown what they reported: found by reporter, newest first."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX incident_reporter ON incident (reporter_kind, reporter_id, filed_at DESC, id DESC)")
