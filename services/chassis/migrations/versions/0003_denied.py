"""Who is shut out: persons and member systems whose tokens buy nothing any more."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE chassis.denied (
            kind text NOT NULL CHECK (kind IN ('person', 'client')),
            id text NOT NULL,
            since timestamptz NOT NULL,
            PRIMARY KEY (kind, id)
        )
        """
    )
