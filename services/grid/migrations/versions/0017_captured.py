"""When a phone noted an incident down, beside the incident; so far it stood with what phones submitted alone.

What the release before files from a batch while it still runs has none.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SO_FAR = """
UPDATE incident SET captured_at = kept.captured_at FROM submitted_item AS kept
    WHERE kept.incident_id = incident.id AND incident.captured_at IS NULL
"""


def upgrade() -> None:
    op.execute("ALTER TABLE incident ADD COLUMN IF NOT EXISTS captured_at timestamptz")
    with op.get_context().autocommit_block():
        op.execute(SO_FAR)
