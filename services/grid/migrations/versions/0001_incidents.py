"""Incidents and their reference data."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INCIDENTS = """
CREATE TABLE incident (
    id uuid PRIMARY KEY,
    case_number text NOT NULL UNIQUE,
    version bigint NOT NULL CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('FILED', 'DISPATCHED', 'CLOSED')),
    region text NOT NULL,
    owner text NOT NULL,
    department text NOT NULL,
    type_standard text NOT NULL,
    type_kind text NOT NULL,
    type_code text NOT NULL,
    description text NOT NULL,
    address text NOT NULL,
    seen_at timestamptz NOT NULL,
    reporter_kind text NOT NULL,
    reporter_id text NOT NULL,
    reporter_citizen_number text NOT NULL,
    enterprise_code text NOT NULL,
    enterprise_code_doubtful boolean NOT NULL,
    reference text NOT NULL,
    filed_at timestamptz NOT NULL,
    dispatched_at timestamptz,
    handle_by timestamptz,
    dispatch_reason text NOT NULL,
    closed_at timestamptz,
    closing_outcome text CHECK (closing_outcome IN ('HANDLED', 'NOT_FOUND_ON_SITE', 'DUPLICATE')),
    CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL AND closing_outcome IS NOT NULL)),
    CHECK (state = 'FILED' OR (department <> '' AND dispatched_at IS NOT NULL AND handle_by IS NOT NULL))
);
CREATE INDEX incident_region ON incident (region text_pattern_ops);
CREATE INDEX incident_newest ON incident (filed_at DESC, id DESC);
"""

REFERENCE = """
CREATE TABLE incident_type (
    standard text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('component', 'event')),
    code text NOT NULL,
    category text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    local boolean NOT NULL,
    in_force boolean NOT NULL,
    PRIMARY KEY (standard, kind, code)
);
CREATE TABLE dispatch_rule (
    region_prefix text NOT NULL,
    standard text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('', 'component', 'event')),
    code_prefix text NOT NULL,
    department_suffix text NOT NULL,
    handle_within_hours integer NOT NULL CHECK (handle_within_hours > 0),
    reason text NOT NULL,
    PRIMARY KEY (region_prefix, standard, kind, code_prefix)
);
CREATE TABLE centre (
    county text PRIMARY KEY,
    department text NOT NULL
);
"""


def upgrade() -> None:
    op.execute(INCIDENTS)
    op.execute(REFERENCE)
