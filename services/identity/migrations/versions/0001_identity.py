"""Regions, departments, staff, member systems; what the token endpoint remembers."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Codes are compared by byte, so that "begins with" uses the index and the order is that of the digits.
TABLES = """
CREATE TABLE region (
    code        text COLLATE "C" PRIMARY KEY,
    level       text NOT NULL CHECK (level IN ('city', 'county', 'township', 'village', 'grid')),
    parent_code text COLLATE "C" NOT NULL,
    name        text NOT NULL,
    generated   boolean NOT NULL DEFAULT false,
    valid_from  timestamptz,
    valid_until timestamptz,
    CHECK (valid_until > valid_from)
);
CREATE UNIQUE INDEX region_below ON region (parent_code, code);

CREATE TABLE department (
    code    text COLLATE "C" PRIMARY KEY,
    region  text COLLATE "C" NOT NULL REFERENCES region (code),
    name    text NOT NULL,
    name_en text NOT NULL DEFAULT '',
    email   text NOT NULL DEFAULT ''
);
CREATE INDEX department_region ON department (region);

CREATE TABLE staff (
    person_id  uuid PRIMARY KEY,
    login      text NOT NULL,
    department text COLLATE "C" NOT NULL REFERENCES department (code),
    name       text NOT NULL,
    roles      text[] NOT NULL,
    email      text NOT NULL DEFAULT '',
    language   text NOT NULL DEFAULT 'zh-CN',
    active     boolean NOT NULL DEFAULT true,
    UNIQUE (department, login)
);

CREATE TABLE member (
    client_id       text COLLATE "C" PRIMARY KEY,
    display_name    text NOT NULL,
    region          text COLLATE "C" NOT NULL REFERENCES region (code),
    departments     text[] NOT NULL,
    scopes          text[] NOT NULL,
    public_keys     text[] NOT NULL,
    tls_fingerprint text NOT NULL DEFAULT '',
    secret_hash     text NOT NULL DEFAULT '',
    owner           text NOT NULL DEFAULT '',
    version         bigint NOT NULL DEFAULT 1
);

CREATE TABLE used_assertion (
    client_id  text COLLATE "C" NOT NULL,
    jti        text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti)
);
CREATE INDEX used_assertion_expiry ON used_assertion (expires_at);

CREATE TABLE failed_attempt (
    client_id text COLLATE "C" NOT NULL,
    at        timestamptz NOT NULL
);
CREATE INDEX failed_attempt_client ON failed_attempt (client_id, at);
CREATE INDEX failed_attempt_at ON failed_attempt (at);
"""


def upgrade() -> None:
    op.execute(TABLES)
