"""What is to be done at a moment: one row for each name and key, found by an index on the moment.

The release before neither reads nor writes it. Rows come and go all the time, so that the table is vacuumed early.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DUE = """
CREATE TABLE chassis.due (
    name text NOT NULL,
    key text NOT NULL,
    due_at timestamptz NOT NULL,
    try_at timestamptz NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    claim uuid,
    reason text,
    case_number text,
    traceparent text,
    set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, key)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
CREATE INDEX due_next ON chassis.due (name, try_at);
"""


def upgrade() -> None:
    op.execute(DUE)
