"""The whole life cycle: referred, held, merged and voided incidents; requests for time, and satisfaction.

The release before names none of the new columns, each of which is nullable or has a default. What is in a new state it
reads and changes as what stands in for that: `state` stays among those that it knows, `stage` says the true one. It
drops the pauses of a clock that it writes: what it changes of a held incident counts the hold as time.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE incident
    ADD COLUMN stage text,
    ADD COLUMN returns integer NOT NULL DEFAULT 0,
    ADD COLUMN coordinator text NOT NULL DEFAULT '',
    ADD COLUMN asked jsonb,
    ADD COLUMN refusal_reason text NOT NULL DEFAULT '',
    ADD COLUMN review_at timestamptz,
    ADD COLUMN hold_reason text NOT NULL DEFAULT '',
    ADD COLUMN main_id uuid,
    ADD COLUMN main_case_number text NOT NULL DEFAULT '',
    ADD COLUMN satisfaction text;
"""

# NOT VALID: new rows are checked, and those that are there, which pass, are not read while everybody waits. What was
# voided has no outcome.
RULES = """
ALTER TABLE incident DROP CONSTRAINT incident_check;
ALTER TABLE incident
    ADD CONSTRAINT incident_stage_check CHECK (stage IN ('REFERRED', 'ON_HOLD', 'MERGED', 'VOIDED')) NOT VALID,
    ADD CONSTRAINT incident_returns_check CHECK (returns >= 0) NOT VALID,
    ADD CONSTRAINT incident_satisfaction_check
        CHECK (satisfaction IN ('SATISFIED', 'NEUTRAL', 'DISSATISFIED')) NOT VALID,
    ADD CONSTRAINT incident_closed_check CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT incident_outcome_check CHECK (
        CASE WHEN state = 'CLOSED' THEN closing_outcome IS NOT NULL OR stage IS NOT DISTINCT FROM 'VOIDED'
            ELSE closing_outcome IS NULL END
    ) NOT VALID;
"""

INDEXES = """
CREATE INDEX incident_main ON incident (main_id) WHERE main_id IS NOT NULL;
CREATE INDEX incident_stage ON incident (stage, filed_at DESC, id DESC) WHERE stage IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(RULES)
    op.execute(INDEXES)
