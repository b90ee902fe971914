"""The tables of types and rules as the release before reads them: what is in force, without versions.

While that release runs beside this one, or is put back, it goes on with what was imported last. What comes into force
later it does not see. The next release drops these tables and this module.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.grid.domain.catalogue import Catalogue

_TABLES = sa.MetaData()
_TYPE = sa.Table(
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
_RULE = sa.Table(
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


def replace(connection: sa.Connection, catalogue: Catalogue) -> None:
    """Make this what is in force there. Types that are gone are retired, since incidents go on naming them."""
    connection.execute(sa.update(_TYPE).values(in_force=False))
    types: list[dict[str, Any]] = [
        {**each.key._asdict(), "category": each.category, "name": each.name, "name_en": each.name_en,
         "local": each.local, "in_force": True}
        for each in catalogue.types
    ]  # fmt: skip
    upsert = insert(_TYPE)
    changed = {name: upsert.excluded[name] for name in ("category", "name", "name_en", "local", "in_force")}
    if types:
        connection.execute(upsert.on_conflict_do_update(constraint=_TYPE.primary_key, set_=changed), types)
    connection.execute(sa.delete(_RULE))
    if catalogue.rules:
        names = _RULE.c.keys()
        connection.execute(
            sa.insert(_RULE), [{name: getattr(rule, name) for name in names} for rule in catalogue.rules]
        )
