"""Incidents of a range of time: counted by type, and read in the order in which they were filed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.grid.domain.incidents import Incident
from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.store.incident_rows import INCIDENT, incident_of
from services.kernel.paging import Page, PageRequest
from services.kernel.parties import Party
from services.kernel.regions import scope_prefix

_BY_TYPE = (INCIDENT.c.type_standard, INCIDENT.c.type_kind, INCIDENT.c.type_code)


class PastIncidents:
    """Incidents filed from `begin` on and before `end`, inside `bound` and below `region`; empty: everywhere."""

    def __init__(
        self, connection: sa.Connection, begin: datetime, end: datetime, *, bound: str, region: str = ""
    ) -> None:
        self._connection = connection
        self._where: tuple[sa.ColumnElement[bool], ...] = (
            INCIDENT.c.filed_at >= begin,
            INCIDENT.c.filed_at < end,
            INCIDENT.c.region.like(f"{bound}%"),
            INCIDENT.c.region.like(f"{scope_prefix(region) if region else ''}%"),
        )

    def by_type(self, reported_by: Party | None = None) -> dict[TypeKey, int]:
        """How many there are of each type; of one reporter alone if that is said."""
        wanted: sa.Select[Any] = sa.select(*_BY_TYPE, sa.func.count()).where(*self._where).group_by(*_BY_TYPE)
        if reported_by:
            kind, party_id = reported_by
            wanted = wanted.where(INCIDENT.c.reporter_kind == kind, INCIDENT.c.reporter_id == party_id)
        found = self._connection.execute(wanted)
        return {TypeKey(standard, IncidentKind(kind), code): count for standard, kind, code, count in found}

    def page(self, page: PageRequest) -> Page[Incident]:
        """A page of them, oldest first."""
        wanted = sa.select(INCIDENT).where(*self._where).order_by(INCIDENT.c.filed_at, INCIDENT.c.id)
        if page.after:
            wanted = wanted.where(sa.tuple_(INCIDENT.c.filed_at, INCIDENT.c.id) > page.after)
        rows = self._connection.execute(wanted.limit(page.fetch)).mappings()
        return page.cut([incident_of(row) for row in rows], key=lambda incident: (incident.filed_at, incident.id))
