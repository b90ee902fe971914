"""The tables, as the migrations made them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

metadata = sa.MetaData()

region = sa.Table(
    "region",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("level", sa.Text),
    sa.Column("parent_code", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("generated", sa.Boolean),
    sa.Column("valid_from", sa.DateTime(timezone=True)),
    sa.Column("valid_until", sa.DateTime(timezone=True)),
)

department = sa.Table(
    "department",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("region", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("name_en", sa.Text),
    sa.Column("email", sa.Text),
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("login", sa.Text),
    sa.Column("department", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("language", sa.Text),
    sa.Column("active", sa.Boolean),
    sa.Column("officer_licence", sa.Text),
    sa.Column("disabled_since", sa.DateTime(timezone=True)),
    sa.Column("disable_reason", sa.Text),
    sa.Column("version", sa.BigInteger),
)

staff_role = sa.Table(
    "staff_role",
    metadata,
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("region", sa.Text, primary_key=True),
)

role_scope = sa.Table(
    "role_scope",
    metadata,
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
)

secondment = sa.Table(
    "secondment",
    metadata,
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("department", sa.Text, primary_key=True),
    sa.Column("since", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("until", sa.DateTime(timezone=True)),
)

holder = sa.Table(
    "holder",
    metadata,
    sa.Column("holder_id", sa.Uuid, primary_key=True),
    sa.Column("kind_code", sa.Text),
    sa.Column("number_hash", sa.Text),
    sa.Column("number_tail", sa.Text),
    sa.Column("number_doubtful", sa.Boolean),
    sa.Column("name", sa.Text),
    sa.Column("region", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("language", sa.Text),
    sa.Column("registered_at", sa.DateTime(timezone=True)),
    sa.Column("disabled_since", sa.DateTime(timezone=True)),
    sa.Column("disable_reason", sa.Text),
    sa.Column("version", sa.BigInteger),
)

member = sa.Table(
    "member",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("display_name", sa.Text),
    sa.Column("region", sa.Text),
    sa.Column("departments", ARRAY(sa.Text)),
    sa.Column("scopes", ARRAY(sa.Text)),
    sa.Column("public_keys", ARRAY(sa.Text)),
    sa.Column("tls_fingerprint", sa.Text),
    sa.Column("secret_hash", sa.Text),
    sa.Column("owner", sa.Text),
    sa.Column("vouches_for_citizens", sa.Boolean),
    sa.Column("vouches_for_enterprises", sa.Boolean),
    sa.Column("disabled_since", sa.DateTime(timezone=True)),
    sa.Column("disable_reason", sa.Text),
    sa.Column("version", sa.BigInteger),
)

used_assertion = sa.Table(
    "used_assertion",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("jti", sa.Text, primary_key=True),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
)

failed_attempt = sa.Table(
    "failed_attempt",
    metadata,
    sa.Column("client_id", sa.Text),
    sa.Column("at", sa.DateTime(timezone=True)),
)
