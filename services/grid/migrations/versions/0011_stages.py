"""Stages of the handling that run one after the other.

The release before names neither column. What it dispatches has no stages and one clock, as before; what it changes
otherwise keeps its stages and the clock that runs, which loses the name of its stage.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE incident ADD COLUMN handling jsonb;
ALTER TABLE catalogue_stage ADD COLUMN counted text NOT NULL DEFAULT 'whole' CHECK (counted IN ('whole', 'stage'));
"""


def upgrade() -> None:
    op.execute(COLUMNS)
