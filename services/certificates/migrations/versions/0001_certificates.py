"""Certificates, their versions, history and uses, and their reference data."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CERTIFICATES = """
CREATE TABLE certificate (
    id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    type_code text NOT NULL,
    number text NOT NULL,
    holder_kind text NOT NULL CHECK (holder_kind IN ('ENTERPRISE', 'PERSON')),
    holder text NOT NULL,
    holder_name text NOT NULL,
    owner text NOT NULL,
    region text NOT NULL,
    status text NOT NULL CHECK (status IN ('VALID', 'SUSPENDED', 'REVOKED')),
    grounds text[] NOT NULL,
    CONSTRAINT certificate_number_once UNIQUE (type_code, owner, number),
    CHECK ((status = 'SUSPENDED') = (grounds <> '{}'))
);
CREATE INDEX certificate_holder ON certificate (holder_kind, holder, type_code, number, id);
CREATE INDEX certificate_grounds ON certificate USING gin (grounds);

CREATE TABLE certificate_edition (
    identifier text PRIMARY KEY,
    certificate_id uuid NOT NULL REFERENCES certificate,
    version bigint NOT NULL,
    issued_at timestamptz NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz CHECK (valid_until > valid_from),
    UNIQUE (certificate_id, version)
);

CREATE TABLE certificate_status (
    certificate_id uuid NOT NULL REFERENCES certificate,
    version bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('VALID', 'SUSPENDED', 'REVOKED')),
    reason text NOT NULL,
    since timestamptz NOT NULL,
    case_number text NOT NULL,
    PRIMARY KEY (certificate_id, version)
);

CREATE TABLE certificate_use (
    id uuid PRIMARY KEY,
    certificate_id uuid NOT NULL REFERENCES certificate,
    department text NOT NULL,
    person text NOT NULL,
    case_number text NOT NULL,
    purpose text NOT NULL,
    used_at timestamptz NOT NULL
);
CREATE INDEX certificate_use_newest ON certificate_use (certificate_id, used_at DESC, id DESC);
"""

REFERENCE = """
CREATE TABLE certificate_type (
    code text PRIMARY KEY,
    name text NOT NULL,
    name_en text NOT NULL,
    holder_kind text NOT NULL CHECK (holder_kind IN ('ENTERPRISE', 'PERSON')),
    issued_by text NOT NULL,
    open_to text[] NOT NULL,
    valid_days integer NOT NULL CHECK (valid_days >= 0),
    public_fields text[] NOT NULL,
    lowest_level integer NOT NULL CHECK (lowest_level BETWEEN 1 AND 3),
    in_force boolean NOT NULL
);
CREATE TABLE issuer (
    department text PRIMARY KEY,
    code text NOT NULL UNIQUE
);
"""


def upgrade() -> None:
    op.execute(CERTIFICATES)
    op.execute(REFERENCE)
