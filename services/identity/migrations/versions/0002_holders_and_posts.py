"""Persons and enterprises; roles by region; secondments; licences; who is shut out; who looked at whose record."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE holder (
    holder_id       uuid PRIMARY KEY,
    kind_code       text NOT NULL,
    number_hash     text NOT NULL,
    number_tail     text NOT NULL,
    number_doubtful boolean NOT NULL,
    name            text NOT NULL,
    region          text COLLATE "C" NOT NULL REFERENCES region (code),
    email           text NOT NULL DEFAULT '',
    language        text NOT NULL DEFAULT 'zh-CN',
    registered_at   timestamptz NOT NULL,
    disabled_since  timestamptz,
    disable_reason  text,
    version         bigint NOT NULL DEFAULT 1,
    UNIQUE (number_hash, kind_code)
);

CREATE TABLE staff_role (
    person_id uuid NOT NULL REFERENCES staff (person_id),
    role      text NOT NULL,
    region    text COLLATE "C" NOT NULL REFERENCES region (code),
    PRIMARY KEY (person_id, role, region)
);
INSERT INTO staff_role (person_id, role, region)
    SELECT person_id, unnest(roles), region FROM staff JOIN department ON department.code = staff.department;

CREATE TABLE secondment (
    person_id  uuid NOT NULL REFERENCES staff (person_id),
    department text COLLATE "C" NOT NULL REFERENCES department (code),
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    PRIMARY KEY (person_id, department, since),
    CHECK (since < until)
);

-- The roles of 0001 are read by the release before this one alone; a later step drops them.
ALTER TABLE staff
    ALTER COLUMN roles SET DEFAULT '{}',
    ADD COLUMN officer_licence text NOT NULL DEFAULT '',
    ADD COLUMN disabled_since timestamptz,
    ADD COLUMN disable_reason text,
    ADD COLUMN version bigint NOT NULL DEFAULT 1;

ALTER TABLE member
    ADD COLUMN vouches_for_citizens boolean NOT NULL DEFAULT false,
    ADD COLUMN disabled_since timestamptz,
    ADD COLUMN disable_reason text;

-- Who looked at a record is asked by the record; only those rows of the audit log are in this index.
CREATE INDEX audit_log_access ON chassis.audit_log (target, logged_at, id)
    WHERE method = 'egov.identity.v1.IdentityService/GetHolder';
"""


def upgrade() -> None:
    op.execute(TABLES)
