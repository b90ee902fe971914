"""The catalogue in versions: types, dispatch rules, stages and mappings of codes, from when on.

What was loaded before becomes the first version. The release before goes on with the tables that it knows, which stay
and are kept up with what is imported (`services/grid/store/former.py`).
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CATALOGUE = """
CREATE TABLE catalogue (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL,
    effective_from timestamptz NOT NULL,
    imported_at timestamptz NOT NULL
);
CREATE INDEX catalogue_in_force ON catalogue (effective_from DESC, number DESC);
CREATE TABLE catalogue_type (
    catalogue bigint NOT NULL REFERENCES catalogue,
    standard text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('component', 'event')),
    code text NOT NULL,
    category text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    local boolean NOT NULL,
    public boolean NOT NULL,
    evidence text[] NOT NULL,
    PRIMARY KEY (catalogue, standard, kind, code)
);
CREATE TABLE catalogue_rule (
    catalogue bigint NOT NULL REFERENCES catalogue,
    region_prefix text NOT NULL,
    standard text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('', 'component', 'event')),
    code_prefix text NOT NULL,
    department_suffix text NOT NULL,
    handle_within_hours integer NOT NULL CHECK (handle_within_hours > 0),
    reason text NOT NULL,
    unit text NOT NULL CHECK (unit IN ('CLOCK_HOUR', 'WORKING_HOUR', 'WORKING_DAY')),
    PRIMARY KEY (catalogue, region_prefix, standard, kind, code_prefix)
);
CREATE TABLE catalogue_stage (
    catalogue bigint NOT NULL REFERENCES catalogue,
    standard text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('', 'component', 'event')),
    code_prefix text NOT NULL,
    urgency text NOT NULL CHECK (urgency IN ('normal', 'urgent', 'very_urgent')),
    position integer NOT NULL CHECK (position > 0),
    name text NOT NULL,
    name_en text NOT NULL,
    amount integer NOT NULL CHECK (amount > 0),
    unit text NOT NULL CHECK (unit IN ('CLOCK_HOUR', 'WORKING_HOUR', 'WORKING_DAY')),
    done_when text NOT NULL,
    done_when_en text NOT NULL,
    PRIMARY KEY (catalogue, standard, kind, code_prefix, urgency, position)
);
CREATE TABLE catalogue_mapping (
    catalogue bigint NOT NULL REFERENCES catalogue,
    former_standard text NOT NULL,
    former_kind text NOT NULL CHECK (former_kind IN ('component', 'event')),
    former_code text NOT NULL,
    former_name text NOT NULL,
    standard text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('component', 'event')),
    code text NOT NULL,
    PRIMARY KEY (catalogue, former_standard, former_kind, former_code, standard, kind, code)
);
"""

FIRST = """
INSERT INTO catalogue (digest, effective_from, imported_at)
    SELECT '', '1970-01-01T00:00:00Z', now() WHERE EXISTS (SELECT FROM incident_type);
INSERT INTO catalogue_type
    SELECT number, standard, kind, code, category, name, name_en, local, false, '{}'
    FROM catalogue, incident_type WHERE in_force;
INSERT INTO catalogue_rule
    SELECT number, region_prefix, standard, kind, code_prefix, department_suffix, handle_within_hours, reason, unit
    FROM catalogue, dispatch_rule;
"""


def upgrade() -> None:
    op.execute(CATALOGUE)
    op.execute(FIRST)
