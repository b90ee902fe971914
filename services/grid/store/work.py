"""What waits for a department, one at a time, for those who take it."""

from __future__ import annotations

import sqlalchemy as sa

from services.grid.domain.incidents import Incident
from services.grid.domain.states import IncidentState
from services.grid.store.incident_rows import COLUMNS, INCIDENT, incident_of
from services.grid.store.stages import in_state

NEXT = sa.text(
    f"SELECT {COLUMNS} FROM incident WHERE state <> 'CLOSED' AND department = :department"
    f" AND region LIKE :bound || '%' AND {in_state(IncidentState.DISPATCHED)}"
    " ORDER BY coalesce(deadline, filed_at), id LIMIT 1 FOR UPDATE SKIP LOCKED"
).columns(**{each.name: each.type for each in INCIDENT.c})


class WorkStore:
    """Over one connection. Is a `usecases.work.Waiting`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def next_dispatched(self, department: str, bound: str) -> Incident | None:
        """The most urgent that a department has to accept, locked until the end; None when there is none to be had."""
        found = self._connection.execute(NEXT, {"department": department, "bound": bound}).mappings().first()
        return incident_of(found) if found else None
