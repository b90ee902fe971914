"""Notices."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NOTICES = """
CREATE TABLE notice (
    id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    case_number text NOT NULL,
    region text NOT NULL,
    owner_kind text NOT NULL CHECK (owner_kind IN ('person', 'department', 'client')),
    owner_id text NOT NULL,
    template text NOT NULL,
    texts jsonb NOT NULL,
    reference text NOT NULL,
    caused_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    email_state text NOT NULL CHECK (email_state IN ('NONE', 'PENDING', 'SENT', 'FAILED')),
    CONSTRAINT notice_once UNIQUE (caused_by, owner_kind, owner_id, template)
);
CREATE INDEX notice_inbox ON notice (owner_kind, owner_id, created_at DESC, id DESC);
"""


def upgrade() -> None:
    op.execute(NOTICES)
