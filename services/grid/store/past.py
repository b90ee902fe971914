"""Incidents of a range of time: counted by type, and read in the order in which they were filed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.grid.domain.counting import Apart, Past
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.store.incident_rows import INCIDENT, incident_of
from services.grid.store.stages import TRUE_STATE
from services.kernel.paging import Page, PageRequest
from services.kernel.parties import Party
from services.kernel.regions import scope_prefix

_APART: sa.ColumnElement[str] = sa.literal_column(
    f"CASE WHEN {TRUE_STATE} IN ('VOIDED', 'DECLINED') THEN {TRUE_STATE}"
    " WHEN main_id IS NOT NULL OR closing_outcome = 'DUPLICATE' THEN 'DUPLICATE'"
    f" WHEN {TRUE_STATE} IN ('REPORTED', 'CHECKED') THEN 'NOT_FILED_YET' ELSE '' END"
).label("apart")
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

    def by_type(self, reported_by: Party | None = None) -> Past:
        """How many there are of each type, and apart from them; of one reporter alone if that is said."""
        wanted: sa.Select[Any] = sa.select(_APART, *_BY_TYPE, sa.func.count()).where(*self._where)
        if reported_by:
            kind, party_id = reported_by
            wanted = wanted.where(INCIDENT.c.reporter_kind == kind, INCIDENT.c.reporter_id == party_id)
        filed: dict[TypeKey, int] = {}
        apart: Counter[Apart] = Counter()
        for why, standard, kind, code, count in self._connection.execute(wanted.group_by(_APART, *_BY_TYPE)):
            if why:
                apart[Apart(why)] += count
            else:
                filed[TypeKey(standard, IncidentKind(kind), code)] = count
        return Past(filed, apart)

    def page(self, page: PageRequest) -> Page[Incident]:
        """A page of them, oldest first."""
        wanted = sa.select(INCIDENT).where(*self._where).order_by(INCIDENT.c.filed_at, INCIDENT.c.id)
        if page.after:
            wanted = wanted.where(sa.tuple_(INCIDENT.c.filed_at, INCIDENT.c.id) > page.after)
        rows = self._connection.execute(wanted.limit(page.fetch)).mappings()
        return page.cut([incident_of(row) for row in rows], key=lambda incident: (incident.filed_at, incident.id))
