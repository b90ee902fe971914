"""What phones send and read: reports of a batch by the ids that the phones made.

The release before names none of the new tables.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCHES = """
CREATE TABLE submitted_item (
    reporter_kind text NOT NULL,
    reporter_id text NOT NULL,
    item_id uuid NOT NULL,
    digest bytea NOT NULL,
    incident_id uuid NOT NULL,
    case_number text NOT NULL,
    captured_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (reporter_kind, reporter_id, item_id)
);
"""


def upgrade() -> None:
    op.execute(BATCHES)
