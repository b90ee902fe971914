"""The tables of certificate types and of issuers' codes. `services.certificates.load` fills them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.certificates.domain.reference import CertificateType, HolderKind, PublicField
from services.kernel.paging import Page, PageRequest

_TABLES = sa.MetaData()

TYPE = sa.Table(
    "certificate_type",
    _TABLES,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("name_en", sa.Text),
    sa.Column("holder_kind", sa.Text),
    sa.Column("issued_by", sa.Text),
    sa.Column("open_to", ARRAY(sa.Text)),
    sa.Column("valid_days", sa.Integer),
    sa.Column("public_fields", ARRAY(sa.Text)),
    sa.Column("lowest_level", sa.Integer),
    sa.Column("in_force", sa.Boolean),
)
ISSUER = sa.Table(
    "issuer",
    _TABLES,
    sa.Column("department", sa.Text, primary_key=True),
    sa.Column("code", sa.Text),
)

_TYPE_OF = sa.select(TYPE).where(TYPE.c.code == sa.bindparam("code"))
_ISSUER_CODE = sa.select(ISSUER.c.code).where(ISSUER.c.department == sa.bindparam("department"))
_TYPES_BY_CODE = sa.select(TYPE).where(TYPE.c.in_force).order_by(TYPE.c.code)
_ENDING = sa.bindparam("ending", type_=sa.Text)
_OPEN_TO = sa.select(TYPE.c.code).where(
    sa.or_(TYPE.c.issued_by == _ENDING, sa.any_(TYPE.c.open_to) == _ENDING),
    TYPE.c.lowest_level <= sa.bindparam("level"),
)


class ReferenceStore:
    """Reference data over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def type_of(self, code: str) -> CertificateType | None:
        """The type of this code, retired or not; None when there never was one."""
        found = self._connection.execute(_TYPE_OF, {"code": code}).mappings().first()
        return _type(found) if found else None

    def issuer_code(self, department: str) -> str | None:
        """Unified social credit code of an issuing department; None when it is not on record."""
        return self._connection.execute(_ISSUER_CODE, {"department": department}).scalar()

    def open_to(self, ending: str, level: int) -> frozenset[str]:
        """Codes of the types, retired or not, that departments with this ending may see at this assurance level."""
        return frozenset(self._connection.execute(_OPEN_TO, {"ending": ending, "level": level}).scalars())

    def types(self, page: PageRequest) -> Page[CertificateType]:
        """Types in force, by code."""
        wanted = _TYPES_BY_CODE
        if page.after:
            wanted = wanted.where(TYPE.c.code > page.after[0])
        rows = self._connection.execute(wanted.limit(page.fetch)).mappings()
        return page.cut([_type(row) for row in rows], key=lambda each: (each.code,))


def replace_types(connection: sa.Connection, types: Iterable[CertificateType]) -> None:
    """Make these the catalogue: others are retired, since certificates go on naming them."""
    connection.execute(sa.update(TYPE).values(in_force=False))
    rows = [_row(each) for each in types]
    upsert = insert(TYPE)
    changed = {name: upsert.excluded[name] for name in TYPE.c.keys() if name != "code"}
    if rows:
        connection.execute(upsert.on_conflict_do_update(constraint=TYPE.primary_key, set_=changed), rows)


def replace_issuers(connection: sa.Connection, issuers: Mapping[str, str]) -> None:
    """Make these the issuers' codes: unified social credit code by department."""
    connection.execute(sa.delete(ISSUER))
    if issuers:
        rows = [{"department": department, "code": code} for department, code in issuers.items()]
        connection.execute(sa.insert(ISSUER), rows)


def _row(each: CertificateType) -> dict[str, Any]:
    return {
        "code": each.code,
        "name": each.name,
        "name_en": each.name_en,
        "holder_kind": each.holder_kind.value,
        "issued_by": each.issued_by,
        "open_to": sorted(each.open_to),
        "valid_days": each.valid_days,
        "public_fields": sorted(field.value for field in each.public_fields),
        "lowest_level": each.lowest_level,
        "in_force": each.in_force,
    }


def _type(row: Mapping[Any, Any]) -> CertificateType:
    return CertificateType(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        holder_kind=HolderKind(row["holder_kind"]),
        issued_by=row["issued_by"],
        open_to=frozenset(row["open_to"]),
        valid_days=row["valid_days"],
        public_fields=frozenset(map(PublicField, row["public_fields"])),
        lowest_level=row["lowest_level"],
        in_force=row["in_force"],
    )
