"""Notices to enterprises, a receipt per attempt, and who reported what a case is about.

The release before goes on working on this schema while it is rolled out: it knows neither table, and what it may write
is a part of what is allowed now.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ENTERPRISES = """
ALTER TABLE notice DROP CONSTRAINT notice_owner_kind_check;
ALTER TABLE notice ADD CONSTRAINT notice_owner_kind_check
    CHECK (owner_kind IN ('person', 'department', 'client', 'enterprise'));
"""

RECEIPTS = """
CREATE TABLE receipt (
    notice_id uuid NOT NULL REFERENCES notice (id),
    attempt integer NOT NULL CHECK (attempt >= 1),
    result text NOT NULL CHECK (result IN ('TAKEN', 'DELAYED', 'REFUSED', 'GIVEN_UP', 'NO_ADDRESS')),
    reply_code integer NOT NULL,
    language text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (notice_id, attempt)
);
"""

# Of the cases that are open already, who reported is known by the notices to them.
REPORTERS = """
CREATE TABLE case_reporter (
    case_number text PRIMARY KEY,
    reporter_kind text NOT NULL,
    reporter_id text NOT NULL,
    reference text NOT NULL
);
INSERT INTO case_reporter
SELECT DISTINCT ON (case_number) case_number, owner_kind, owner_id, reference
FROM notice WHERE owner_kind <> 'department' AND template LIKE 'incident-%'
ORDER BY case_number, created_at;
"""


def upgrade() -> None:
    op.execute(ENTERPRISES)
    op.execute(RECEIPTS)
    op.execute(REPORTERS)
