"""Orders of a level above (督办), the queues of what they are of and of what a grid centre has to decide, how urgent a
case was said to be, and the last command.

The release before names nothing of this: each column is nullable or has a default. It does call `urgency` what its
queues are sorted by, so no column of an incident may have that name. Each index holds the few incidents
of its queue, and may be made again where it was cut off.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE incident
    ADD COLUMN IF NOT EXISTS supervision jsonb,
    ADD COLUMN IF NOT EXISTS said_urgency text NOT NULL DEFAULT 'normal',
    ADD COLUMN IF NOT EXISTS last_step jsonb;
"""

QUEUES = """
CREATE INDEX IF NOT EXISTS incident_to_decide ON incident (owner, coalesce(deadline, filed_at), id)
    INCLUDE (state, stage, region) WHERE asked IS NOT NULL AND state <> 'CLOSED';
CREATE INDEX IF NOT EXISTS incident_supervised ON incident (coalesce(deadline, filed_at), id)
    INCLUDE (state, stage, region, owner, department, coordinator)
    WHERE supervision IS NOT NULL AND state <> 'CLOSED';
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    with op.get_context().autocommit_block():
        for statement in QUEUES.strip().split(";\n"):
            op.execute(statement)
