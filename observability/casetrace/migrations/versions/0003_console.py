"""The console: sessions, tickets that were used, what codes are called; and which consumers take which events."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE console_session (
    id bytea PRIMARY KEY,
    operator text NOT NULL,
    client_id text NOT NULL,
    subject text NOT NULL,
    department text NOT NULL,
    region text NOT NULL,
    roles text[] NOT NULL,
    scopes text[] NOT NULL,
    level int NOT NULL,
    rights_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE TABLE console_ticket (
    id bytea PRIMARY KEY,
    ends_at timestamptz NOT NULL
);
CREATE TABLE code_name (
    code text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    name_en text NOT NULL,
    read_at timestamptz NOT NULL
);
CREATE TABLE taker (
    event_type text NOT NULL,
    service text NOT NULL,
    consumer text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (event_type, service, consumer)
);
INSERT INTO taker SELECT event_type, service, consumer, min(decided_at), max(decided_at) FROM effect GROUP BY 1, 2, 3;
"""


def upgrade() -> None:
    op.execute(TABLES)
