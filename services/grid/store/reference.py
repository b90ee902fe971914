"""The tables of incident types, dispatch rules and grid centres. `services.grid.load` fills them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.grid.domain.reference import DispatchRule, IncidentKind, IncidentType, TypeKey
from services.kernel.paging import Page, PageRequest
from services.kernel.worktime.terms import Unit

_TABLES = sa.MetaData()

TYPE = sa.Table(
    "incident_type",
    _TABLES,
    sa.Column("standard", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("category", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("name_en", sa.Text),
    sa.Column("local", sa.Boolean),
    sa.Column("in_force", sa.Boolean),
)
RULE = sa.Table(
    "dispatch_rule",
    _TABLES,
    sa.Column("region_prefix", sa.Text, primary_key=True),
    sa.Column("standard", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("code_prefix", sa.Text, primary_key=True),
    sa.Column("department_suffix", sa.Text),
    sa.Column("handle_within_hours", sa.Integer),
    sa.Column("reason", sa.Text),
    sa.Column("unit", sa.Text),
)
CENTRE = sa.Table(
    "centre",
    _TABLES,
    sa.Column("county", sa.Text, primary_key=True),
    sa.Column("department", sa.Text),
)

_TYPE_IN_FORCE = sa.select(TYPE.c.code).where(
    TYPE.c.standard == sa.bindparam("standard"),
    TYPE.c.kind == sa.bindparam("kind"),
    TYPE.c.code == sa.bindparam("code"),
    TYPE.c.in_force,
)
_CENTRE_OF = sa.select(CENTRE.c.department).where(CENTRE.c.county == sa.bindparam("county"))
_RULES_FOR = sa.select(RULE).where(sa.bindparam("region", type_=sa.Text).startswith(RULE.c.region_prefix))
_TYPES_BY_KEY = sa.select(TYPE).where(TYPE.c.in_force).order_by(TYPE.c.standard, TYPE.c.kind, TYPE.c.code)


class ReferenceStore:
    """Reference data over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def type_in_force(self, key: TypeKey) -> bool:
        """Whether the catalogue has this type, not retired."""
        return self._connection.execute(_TYPE_IN_FORCE, key._asdict()).first() is not None

    def centre_of(self, county: str) -> str | None:
        """Department code of the county's grid centre."""
        return self._connection.execute(_CENTRE_OF, {"county": county}).scalar()

    def rules_for(self, region: str) -> Sequence[DispatchRule]:
        """The dispatch rules that speak of this region."""
        return [_rule(row) for row in self._connection.execute(_RULES_FOR, {"region": region}).mappings()]

    def types(
        self, page: PageRequest, *, kind: IncidentKind | None = None, category_code: str = ""
    ) -> Page[IncidentType]:
        """Incident types in force, by standard, kind and code; None and empty filters let everything pass."""
        wanted = _TYPES_BY_KEY
        if kind:
            wanted = wanted.where(TYPE.c.kind == kind.value)
        if category_code:
            wanted = wanted.where(TYPE.c.code.like(f"{category_code}%"))
        if page.after:
            wanted = wanted.where(sa.tuple_(TYPE.c.standard, TYPE.c.kind, TYPE.c.code) > page.after)
        rows = self._connection.execute(wanted.limit(page.fetch)).mappings()
        return page.cut([_type(row) for row in rows], key=lambda each: each.key)


def replace_types(connection: sa.Connection, types: Iterable[IncidentType]) -> None:
    """Make these the catalogue: others are retired, since incidents go on naming them."""
    connection.execute(sa.update(TYPE).values(in_force=False))
    rows = [each.key._asdict() | _type_values(each) for each in types]
    upsert = insert(TYPE)
    changed = {name: upsert.excluded[name] for name in ("category", "name", "name_en", "local", "in_force")}
    if rows:
        connection.execute(upsert.on_conflict_do_update(constraint=TYPE.primary_key, set_=changed), rows)


def replace_rules(connection: sa.Connection, rules: Iterable[DispatchRule]) -> None:
    """Make these the dispatch rules."""
    _replace(connection, RULE, [{name: getattr(rule, name) for name in RULE.c.keys()} for rule in rules])


def replace_centres(connection: sa.Connection, centres: Mapping[str, str]) -> None:
    """Make these the grid centres: department code by county."""
    _replace(connection, CENTRE, [{"county": county, "department": code} for county, code in centres.items()])


def _replace(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    connection.execute(sa.delete(table))
    if rows:
        connection.execute(sa.insert(table), rows)


def _rule(row: Mapping[Any, Any]) -> DispatchRule:
    return DispatchRule(**{**row, "unit": Unit(row["unit"])})


def _type(row: Mapping[Any, Any]) -> IncidentType:
    key = TypeKey(row["standard"], IncidentKind(row["kind"]), row["code"])
    return IncidentType(key, row["category"], row["name"], row["name_en"], row["local"])


def _type_values(each: IncidentType) -> dict[str, Any]:
    values = {"category": each.category, "name": each.name, "name_en": each.name_en, "local": each.local}
    return values | {"in_force": True}
