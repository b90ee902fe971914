"""Save reference data: regions, departments, staff and member systems of a city. Doing it again changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.identity.domain.holders import Holder
from services.identity.domain.members import Member
from services.identity.domain.organisations import Department, Staff
from services.identity.domain.regions import Region
from services.identity.domain.roles import RoleScopes
from services.identity.store.holders import as_row as holder_row
from services.identity.store.members import MemberStore, as_row
from services.identity.store.tables import department, holder, member, region, role_scope, secondment, staff, staff_role

STANDING = ("disabled_since", "disable_reason")
"""Columns that reference data never touches: who is shut out stays so."""

_PERSON_IDS = sa.select(staff.c.department, staff.c.login, staff.c.person_id).where(
    staff.c.department.in_(sa.bindparam("departments", expanding=True))
)


class ReferenceStore:
    """Reference data in the database. Rows that are there and not in the data stay, but for what roles may use."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def save_regions(self, regions: Iterable[Region]) -> None:
        """Add or change regions."""
        rows = [{**dataclasses.asdict(one), "level": one.level.value} for one in regions]
        self._upsert(region, ("code",), rows)

    def save_departments(self, departments: Iterable[Department]) -> None:
        """Add or change departments."""
        self._upsert(department, ("code",), [dataclasses.asdict(one) for one in departments])

    def save_role_scopes(self, roles: RoleScopes) -> None:
        """These roles may use these scopes, and no others."""
        wanted = {(role, scope) for role, scopes in roles.items() for scope in scopes}
        self._save_rows(role_scope, sa.select(role_scope), wanted)

    def save_staff(self, people: Collection[Staff]) -> None:
        """Add or change staff; whoever is known by department and login keeps the person id."""
        changes = {"version": staff.c.version + 1}
        fixed = ("person_id", "version", *STANDING)
        self._upsert(staff, ("department", "login"), [_staff_row(one) for one in people], fixed=fixed, also=changes)
        given = {"departments": list({one.department for one in people})}
        known = {(row.department, row.login): row.person_id for row in self._connection.execute(_PERSON_IDS, given)}
        ids = {known[one.department, one.login]: one for one in people}
        self._save_of_people(staff_role, ids, {(id, *role) for id, one in ids.items() for role in one.roles})
        lent = {(id, each.department, each.since, each.until) for id, one in ids.items() for each in one.secondments}
        self._save_of_people(secondment, ids, lent)

    def save_holders(self, holders: Iterable[Holder]) -> None:
        """Add or change persons and enterprises; one that changes gets the next version."""
        changes = {"version": holder.c.version + 1}
        fixed = ("version", "registered_at", *STANDING)
        self._upsert(holder, ("holder_id",), [holder_row(one) for one in holders], fixed=fixed, also=changes)

    def known_members(self, client_ids: Iterable[str]) -> Mapping[str, Member]:
        """Those of the member systems that are there already."""
        store = MemberStore(self._connection)
        return {one.client_id: one for id in client_ids if (one := store.member(id)) is not None}

    def save_members(self, members: Iterable[Member]) -> None:
        """Add or change member systems; one that changes gets the next version."""
        changes = {"version": member.c.version + 1}
        fixed = ("version", "owner", *STANDING)
        self._upsert(member, ("client_id",), [as_row(one) for one in members], fixed=fixed, also=changes)

    def _save_of_people(self, table: sa.Table, person_ids: Collection[UUID], wanted: Set[tuple[Any, ...]]) -> None:
        """These people have these rows of the table, and no others."""
        self._save_rows(table, sa.select(table).where(table.c.person_id.in_(person_ids)), wanted)

    def _save_rows(self, table: sa.Table, concerned: sa.Select[Any], wanted: Set[tuple[Any, ...]]) -> None:
        """Of the rows concerned these are there, and no others."""
        there = {tuple(row) for row in self._connection.execute(concerned)}
        for gone in there - wanted:
            self._connection.execute(sa.delete(table).where(sa.tuple_(*table.c) == gone))
        if rows := [dict(zip(table.c.keys(), row, strict=True)) for row in wanted - there]:
            self._connection.execute(insert(table), rows)

    def _upsert(
        self,
        table: sa.Table,
        key: Sequence[str],
        rows: Sequence[dict[str, Any]],
        *,
        fixed: Sequence[str] = (),
        also: Mapping[str, Any] | None = None,
    ) -> None:
        """Insert rows; where the key is there, change the columns that are not `fixed`, if any of them differs."""
        if not rows:
            return
        statement = insert(table)
        changed = [column for column in table.columns if column.name not in (*key, *fixed)]
        differs = sa.or_(*(column.is_distinct_from(statement.excluded[column.name]) for column in changed))
        values = {column.name: statement.excluded[column.name] for column in changed} | dict(also or {})
        statement = statement.on_conflict_do_update(index_elements=list(key), set_=values, where=differs)
        self._connection.execute(statement, rows)


def _staff_row(person: Staff) -> dict[str, Any]:
    columns = [column.name for column in staff.columns if column.name not in ("version", *STANDING)]
    return {name: getattr(person, name) for name in columns}
