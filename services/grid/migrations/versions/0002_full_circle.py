"""The full circle: accept, return, handle, verify, reopen; a deadline for every step, and escalation.

The release before goes on working on this schema while it is rolled out: it names none of the new columns, and each of
them is nullable or has a default. What it files gets the deadline of a filing; what it closes keeps its last one, which
nobody reads.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE incident
    ADD COLUMN deadline timestamptz,
    ADD COLUMN escalation_level text NOT NULL DEFAULT 'GRID'
        CHECK (escalation_level IN ('GRID', 'VILLAGE', 'TOWNSHIP', 'COUNTY', 'CITY')),
    ADD COLUMN handle_within_hours integer CHECK (handle_within_hours > 0),
    ADD COLUMN returned_by text NOT NULL DEFAULT '',
    ADD COLUMN return_reason text CHECK (return_reason IN ('NOT_OUR_DUTY', 'ELSEWHERE', 'UNCLEAR')),
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN inspection_id uuid,
    ADD COLUMN handled_at timestamptz,
    ADD COLUMN handling_outcome text CHECK (handling_outcome IN ('REPORTED', 'IN_ORDER', 'RECTIFIED')),
    ADD COLUMN verified_at timestamptz,
    ADD COLUMN closing_reason text NOT NULL DEFAULT '';
"""

# A filed incident may be closed without any dispatch.
STATES = """
ALTER TABLE incident DROP CONSTRAINT incident_state_check, DROP CONSTRAINT incident_check1;
ALTER TABLE incident
    ADD CONSTRAINT incident_state_check
        CHECK (state IN ('FILED', 'DISPATCHED', 'ACCEPTED', 'HANDLED', 'VERIFIED', 'CLOSED')),
    ADD CONSTRAINT incident_department_check CHECK (
        state IN ('FILED', 'CLOSED') OR (department <> '' AND dispatched_at IS NOT NULL AND handle_by IS NOT NULL)
    );
"""

# What is open now gets the deadline of its step, with 24 hours for one that waits for dispatch.
DEADLINES = """
UPDATE incident SET
    deadline = CASE state WHEN 'DISPATCHED' THEN handle_by ELSE now() + interval '24 hours' END,
    handle_within_hours = CASE state
        WHEN 'DISPATCHED' THEN greatest(1, round(extract(epoch FROM handle_by - dispatched_at) / 3600)) END
WHERE state <> 'CLOSED';
ALTER TABLE incident ALTER COLUMN deadline SET DEFAULT now() + interval '24 hours';
CREATE INDEX incident_deadline ON incident (deadline) WHERE state <> 'CLOSED';
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(STATES)
    op.execute(DEADLINES)
