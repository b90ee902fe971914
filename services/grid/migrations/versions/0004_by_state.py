"""What stands in one state is found without passing over what stands in others, newest first."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX incident_state ON incident (state, filed_at DESC, id DESC)")
