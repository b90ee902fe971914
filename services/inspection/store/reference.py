"""The tables of checklist items and inspected types. `services.inspection.load` fills them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.inspection.domain.reference import ChecklistItem, Gravity, InspectedType
from services.kernel.paging import Page, PageRequest

_TABLES = sa.MetaData()

ITEM = sa.Table(
    "checklist_item",
    _TABLES,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("name_en", sa.Text),
    sa.Column("least_gravity", sa.Text),
    sa.Column("certificate_type", sa.Text),
    sa.Column("in_force", sa.Boolean),
)
INSPECTED = sa.Table(
    "inspected_type",
    _TABLES,
    sa.Column("standard", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("code_prefix", sa.Text, primary_key=True),
    sa.Column("department_suffix", sa.Text, primary_key=True),
)

_IN_FORCE = sa.select(ITEM).where(ITEM.c.in_force)
_ITEM = _IN_FORCE.where(ITEM.c.code == sa.bindparam("code"))
_BY_CODE = _IN_FORCE.where(ITEM.c.code > sa.bindparam("after")).order_by(ITEM.c.code).limit(sa.bindparam("fetch"))
_INSPECTED = sa.select(INSPECTED)


class ReferenceStore:
    """Reference data over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def item(self, code: str) -> ChecklistItem | None:
        """The published item, None when there is none or it was retired."""
        found = self._connection.execute(_ITEM, {"code": code}).mappings().first()
        return None if found is None else _item(found)

    def items(self, page: PageRequest) -> Page[ChecklistItem]:
        """The published items, by code."""
        (after,) = page.after or ("",)
        rows = self._connection.execute(_BY_CODE, {"after": after, "fetch": page.fetch}).mappings().all()
        return page.cut([_item(row) for row in rows], key=lambda item: (item.code,))

    def inspected_types(self) -> Sequence[InspectedType]:
        """Which incidents lead to an inspection."""
        return [InspectedType(**row) for row in self._connection.execute(_INSPECTED).mappings()]


def replace_items(connection: sa.Connection, items: Iterable[ChecklistItem]) -> None:
    """Make these the published items: others are retired, since findings go on naming them."""
    connection.execute(sa.update(ITEM).values(in_force=False))
    rows = [_item_row(item) for item in items]
    upsert = insert(ITEM)
    changed = {column.name: upsert.excluded[column.name] for column in ITEM.c if not column.primary_key}
    if rows:
        connection.execute(upsert.on_conflict_do_update(constraint=ITEM.primary_key, set_=changed), rows)


def replace_inspected_types(connection: sa.Connection, types: Iterable[InspectedType]) -> None:
    """Make these the incidents that lead to an inspection."""
    connection.execute(sa.delete(INSPECTED))
    rows = [{name: getattr(each, name) for name in INSPECTED.c.keys()} for each in types]
    if rows:
        connection.execute(sa.insert(INSPECTED), rows)


def _item(row: Mapping[Any, Any]) -> ChecklistItem:
    gravity = Gravity[row["least_gravity"]]
    return ChecklistItem(row["code"], row["name"], row["name_en"], gravity, row["certificate_type"])


def _item_row(item: ChecklistItem) -> dict[str, Any]:
    return {
        "code": item.code,
        "name": item.name,
        "name_en": item.name_en,
        "least_gravity": item.least_gravity.name,
        "certificate_type": item.certificate_type,
        "in_force": True,
    }
