"""How urgent a routing rule's incidents are, and how urgent each dispatch was and who said so; empty: nobody.

The release before names none of these columns: what it imports and dispatches meanwhile says nothing.
"""

from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE routing_rule ADD COLUMN urgency text NOT NULL DEFAULT ''
    CHECK (urgency IN ('', 'normal', 'urgent', 'very_urgent'));
ALTER TABLE dispatch ADD COLUMN urgency text NOT NULL DEFAULT '', ADD COLUMN urgent_by text;
"""


def upgrade() -> None:
    op.execute(COLUMNS)
