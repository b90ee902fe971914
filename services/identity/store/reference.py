"""Save reference data: regions, departments, staff and member systems of a city. Doing it again changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.identity.domain.members import Member
from services.identity.domain.organisations import Department, Staff
from services.identity.domain.regions import Region
from services.identity.store.members import MemberStore, as_row
from services.identity.store.tables import department, member, region, staff


class ReferenceStore:
    """Reference data in the database. Rows that are there and not in the data stay as they are."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def save_regions(self, regions: Iterable[Region]) -> None:
        """Add or change regions."""
        rows = [{**dataclasses.asdict(one), "level": one.level.value} for one in regions]
        self._upsert(region, ("code",), rows)

    def save_departments(self, departments: Iterable[Department]) -> None:
        """Add or change departments."""
        self._upsert(department, ("code",), [dataclasses.asdict(one) for one in departments])

    def save_staff(self, people: Iterable[Staff]) -> None:
        """Add or change staff; whoever is known by department and login keeps the person id."""
        rows = []
        for one in people:
            row = dataclasses.asdict(one) | {"roles": sorted(one.roles)}
            del row["region"]
            rows.append(row)
        self._upsert(staff, ("department", "login"), rows, fixed=("person_id",))

    def known_members(self, client_ids: Iterable[str]) -> Mapping[str, Member]:
        """Those of the member systems that are there already."""
        store = MemberStore(self._connection)
        return {one.client_id: one for id in client_ids if (one := store.member(id)) is not None}

    def save_members(self, members: Iterable[Member]) -> None:
        """Add or change member systems; one that changes gets the next version."""
        changes = {"version": member.c.version + 1}
        self._upsert(member, ("client_id",), [as_row(one) for one in members], fixed=("version", "owner"), also=changes)

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
