"""The tables of certificates, of their versions, history and uses."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

_TABLES = sa.MetaData()
_MOMENT = sa.DateTime(timezone=True)

# `owner` is the issuing department, `grounds` what it is suspended for. Status and grounds are there for searches and
# for people; the history says the same.
CERTIFICATE = sa.Table(
    "certificate",
    _TABLES,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger),
    sa.Column("type_code", sa.Text),
    sa.Column("number", sa.Text),
    sa.Column("holder_kind", sa.Text),
    sa.Column("holder", sa.Text),
    sa.Column("holder_name", sa.Text),
    sa.Column("owner", sa.Text),
    sa.Column("region", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("grounds", ARRAY(sa.Text)),
)
EDITION = sa.Table(
    "certificate_edition",
    _TABLES,
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("certificate_id", sa.Uuid),
    sa.Column("version", sa.BigInteger),
    sa.Column("issued_at", _MOMENT),
    sa.Column("valid_from", _MOMENT),
    sa.Column("valid_until", _MOMENT),
)
STATUS = sa.Table(
    "certificate_status",
    _TABLES,
    sa.Column("certificate_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("status", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("since", _MOMENT),
    sa.Column("case_number", sa.Text),
)
USE = sa.Table(
    "certificate_use",
    _TABLES,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("certificate_id", sa.Uuid),
    sa.Column("department", sa.Text),
    sa.Column("person", sa.Text),
    sa.Column("case_number", sa.Text),
    sa.Column("purpose", sa.Text),
    sa.Column("used_at", _MOMENT),
)
