"""Inspections and their reference data."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSPECTIONS = """
CREATE TABLE inspection (
    id uuid PRIMARY KEY,
    case_number text NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('OPENED', 'ASSIGNED', 'RECTIFYING', 'RECHECKED', 'CLOSED')),
    region text NOT NULL,
    owner text NOT NULL,
    enterprise_code text NOT NULL,
    opened_at timestamptz NOT NULL,
    incident_id uuid,
    reporter_kind text NOT NULL,
    reporter_id text NOT NULL,
    officers text[] NOT NULL,
    rectify_by timestamptz,
    closed_at timestamptz,
    outcome text CHECK (outcome IN ('IN_ORDER', 'RECTIFIED')),
    CHECK ((incident_id IS NULL) = (reporter_kind = '')),
    CHECK (state = 'OPENED' OR cardinality(officers) >= 2),
    CHECK (state NOT IN ('RECTIFYING', 'RECHECKED') OR rectify_by IS NOT NULL),
    CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL AND outcome IS NOT NULL))
);
-- A department inspects once at a time because of one incident, however often it is dispatched.
CREATE UNIQUE INDEX inspection_open_once ON inspection (incident_id, owner) WHERE state <> 'CLOSED';
CREATE INDEX inspection_incident ON inspection (incident_id);
CREATE INDEX inspection_case ON inspection (case_number);
CREATE INDEX inspection_region ON inspection (region text_pattern_ops);
CREATE INDEX inspection_newest ON inspection (opened_at DESC, id DESC);

CREATE TABLE finding (
    id uuid PRIMARY KEY,
    inspection_id uuid NOT NULL REFERENCES inspection (id),
    item_code text NOT NULL,
    gravity text NOT NULL CHECK (gravity IN ('MINOR', 'ORDINARY', 'GRAVE')),
    certificate_type text NOT NULL,
    officer text NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX finding_inspection ON finding (inspection_id);

CREATE TABLE refused_effect (
    inspection_id uuid NOT NULL REFERENCES inspection (id),
    service text NOT NULL,
    event_id uuid NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (inspection_id, service, event_id)
);
"""

REFERENCE = """
CREATE TABLE checklist_item (
    code text PRIMARY KEY,
    name text NOT NULL,
    name_en text NOT NULL,
    least_gravity text NOT NULL CHECK (least_gravity IN ('MINOR', 'ORDINARY', 'GRAVE')),
    certificate_type text NOT NULL,
    in_force boolean NOT NULL
);
CREATE TABLE inspected_type (
    standard text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('component', 'event')),
    code_prefix text NOT NULL,
    department_suffix text NOT NULL,
    PRIMARY KEY (standard, kind, code_prefix, department_suffix)
);
"""


def upgrade() -> None:
    op.execute(INSPECTIONS)
    op.execute(REFERENCE)
