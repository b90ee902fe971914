"""Routing rules in versions, why each dispatch was decided as it was, and departments' own numbers.

Tables of their own: the release before goes on without them. What it dispatches meanwhile has no explanation kept.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROUTING = """
CREATE TABLE routing (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL,
    effective_from timestamptz NOT NULL,
    imported_at timestamptz NOT NULL
);
CREATE INDEX routing_in_force ON routing (effective_from DESC, number DESC);
CREATE TABLE routing_rule (
    routing bigint NOT NULL REFERENCES routing,
    number integer NOT NULL CHECK (number > 0),
    standard text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('', 'component', 'event')),
    code_prefix text NOT NULL,
    region_prefix text NOT NULL,
    departments text[] NOT NULL CHECK (cardinality(departments) > 0),
    days text[] NOT NULL,
    start_minute integer NOT NULL CHECK (start_minute BETWEEN 0 AND 1440),
    end_minute integer NOT NULL CHECK (end_minute BETWEEN 0 AND 1440),
    off_duty text NOT NULL,
    reason text NOT NULL,
    reason_en text NOT NULL,
    automatic boolean NOT NULL,
    PRIMARY KEY (routing, number)
);
CREATE TABLE routing_capacity (
    routing bigint NOT NULL REFERENCES routing,
    department text NOT NULL,
    capacity integer NOT NULL CHECK (capacity > 0),
    PRIMARY KEY (routing, department)
);
"""

DISPATCH = """
CREATE TABLE dispatch (
    incident_id uuid NOT NULL,
    version bigint NOT NULL,
    dispatched_at timestamptz NOT NULL,
    department text NOT NULL,
    source text NOT NULL CHECK (source IN ('RULE', 'CATALOGUE', 'PERSON')),
    rule integer,
    routing bigint,
    loads jsonb NOT NULL,
    text_zh text NOT NULL,
    text_en text NOT NULL,
    PRIMARY KEY (incident_id, version)
);
"""

NUMBERS = """
CREATE TABLE department_number (
    department text NOT NULL,
    number text NOT NULL,
    incident_id uuid NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (department, number),
    UNIQUE (incident_id, department)
);
CREATE INDEX department_number_number ON department_number (number);
"""


def upgrade() -> None:
    for each in (ROUTING, DISPATCH, NUMBERS):
        op.execute(each)
