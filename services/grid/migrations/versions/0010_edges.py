"""The edges of the life cycle: reports that are checked first, outside bodies, evidence, and replies to who reported.

The release before names none of the new columns, each of which is nullable or has a default. What is in a new state it
reads and changes as what stands in for that. What was declined has no outcome, like what was voided.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE incident
    ADD COLUMN source text NOT NULL DEFAULT 'UNSAID',
    ADD COLUMN reported_evidence jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN evidence jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN intake jsonb,
    ADD COLUMN outside jsonb,
    ADD COLUMN reply text NOT NULL DEFAULT '';
"""

# NOT VALID: new rows are checked, and those that are there, which pass, are not read while everybody waits.
RULES = """
ALTER TABLE incident DROP CONSTRAINT incident_stage_check, DROP CONSTRAINT incident_outcome_check;
ALTER TABLE incident
    ADD CONSTRAINT incident_stage_check CHECK (stage IN (
        'REFERRED', 'ON_HOLD', 'MERGED', 'VOIDED', 'REPORTED', 'CHECKED', 'DECLINED', 'OUTSIDE'
    )) NOT VALID,
    ADD CONSTRAINT incident_outcome_check CHECK (
        CASE WHEN state = 'CLOSED' THEN closing_outcome IS NOT NULL OR coalesce(stage, '') IN ('VOIDED', 'DECLINED')
            ELSE closing_outcome IS NULL END
    ) NOT VALID;
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(RULES)
