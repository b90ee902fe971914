"""How incidents are kept, and found one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.grid.domain.incidents import Incident
from services.grid.domain.states import IncidentState
from services.grid.store.incident_rows import COLUMNS, INCIDENT, incident_of, incident_row
from services.grid.store.stages import TRUE_STATE, in_state
from services.kernel.errors import not_found
from services.kernel.parties import Party

_LOAD = sa.select(INCIDENT).where(
    INCIDENT.c.id == sa.bindparam("incident_id"), INCIDENT.c.region.like(sa.bindparam("bound"))
)
_LOAD_OWN = _LOAD.where(
    INCIDENT.c.reporter_kind == sa.bindparam("kind"), INCIDENT.c.reporter_id == sa.bindparam("party_id")
)
_LOAD_MAIN = _LOAD.with_for_update(read=True)
_DUPLICATES = sa.select(INCIDENT.c.id).where(
    INCIDENT.c.main_id == sa.bindparam("main_id"), INCIDENT.c.state != sa.literal_column("'CLOSED'")
)
_CLOSED_DUPLICATES = sa.select(INCIDENT.c.id).where(
    INCIDENT.c.main_id == sa.bindparam("main_id"), sa.text(in_state(IncidentState.CLOSED))
)
_NOW = sa.select(INCIDENT).where(INCIDENT.c.id == sa.bindparam("incident_id"))
_SAVE = sa.update(INCIDENT).where(
    INCIDENT.c.id == sa.bindparam("incident_id"), INCIDENT.c.version == sa.bindparam("seen")
)
# All that are open are looked at, in the index alone: no row of the table is read but of those that have no moment.
_UNWATCHED = f"""
SELECT {COLUMNS} FROM incident JOIN (
    SELECT id FROM incident AS waiting WHERE state <> 'CLOSED'
        AND NOT EXISTS (SELECT FROM chassis.due WHERE name = :timer AND key = waiting.id::text) OFFSET 0
) AS forgotten USING (id)
WHERE state <> 'CLOSED' AND NOT ({TRUE_STATE} = 'MERGED'
    AND EXISTS (SELECT FROM incident AS main WHERE main.id = incident.main_id AND main.state <> 'CLOSED'))
LIMIT 1 FOR UPDATE OF incident SKIP LOCKED
"""
# From one code to the next: a look into the index for each, however many incidents have it.
OTHERS = """
WITH RECURSIVE codes (code) AS (
    (SELECT {column} FROM incident WHERE {open} ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT {column} FROM incident WHERE {open} AND {column} > code ORDER BY {column} LIMIT 1)
    FROM codes WHERE code IS NOT NULL
)
SELECT code FROM codes WHERE code IS NOT NULL AND code <> ALL(:centres)
"""
ANSWER = {"owner": "state <> 'CLOSED'", "coordinator": "state <> 'CLOSED' AND coordinator <> ''"}
"""By the column that names who answers for an open incident: which incidents have one there."""
_UNHELD = """
SELECT {columns} FROM incident WHERE {open} AND {column} = ANY(:codes)
AND (left(region, 6) = ANY(:regions) OR left(region, 4) || '00' = ANY(:regions))
LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_COUNT_UNHELD = "SELECT count(*) FROM incident WHERE state <> 'CLOSED' AND owner = ANY(:codes)"


class IncidentStore:
    """Incidents over one connection. `bound` is the region prefix that the caller works in."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, incident: Incident) -> None:
        """Keep a new incident."""
        self._connection.execute(sa.insert(INCIDENT), incident_row(incident))

    def load(self, incident_id: UUID, bound: str) -> Incident:
        """Read one; Refusal INCIDENT_NOT_FOUND, also when it lies outside `bound`."""
        return self._only(_LOAD, {"incident_id": incident_id, "bound": f"{bound}%"})

    def show(self, incident_id: UUID, bound: str, reported_by: Party | None) -> Incident:
        """Read one as `load` does; of somebody else's report than `reported_by` there is none. None: anybody's."""
        wanted = {"incident_id": incident_id, "bound": f"{bound}%"}
        if reported_by is None:
            return self._only(_LOAD, wanted)
        return self._only(_LOAD_OWN, wanted | {"kind": reported_by.kind, "party_id": reported_by.id})

    def load_main(self, incident_id: UUID, bound: str) -> Incident:
        """Read one as `load` does, and let nobody change it until the end."""
        return self._only(_LOAD_MAIN, {"incident_id": incident_id, "bound": f"{bound}%"})

    def duplicates_of(self, main_id: UUID) -> Sequence[UUID]:
        """The open incidents that were merged into it."""
        return self._connection.execute(_DUPLICATES, {"main_id": main_id}).scalars().all()

    def closed_duplicates_of(self, main_id: UUID) -> Sequence[UUID]:
        """The incidents that were closed as duplicates of it."""
        return self._connection.execute(_CLOSED_DUPLICATES, {"main_id": main_id}).scalars().all()

    def save(self, incident: Incident) -> None:
        """Keep a changed incident; Refusal STALE_VERSION, with what it is now, when someone else was faster."""
        row = incident_row(incident)
        found = {"incident_id": row.pop("id"), "seen": incident.version - 1}
        if self._connection.execute(_SAVE, row | found).rowcount == 0:
            raise self._only(_NOW, {"incident_id": incident.id}).overtook(incident)

    def unwatched(self, timer: str) -> Incident | None:
        """An open incident that is not due by this name, locked until the end; None when there is none to be had.

        A duplicate is not meant whose main incident is open: it is looked at when that ends.
        """
        found = self._connection.execute(_typed(_UNWATCHED), {"timer": timer}).mappings().first()
        return incident_of(found) if found else None

    def unheld(self, centres: Mapping[str, str]) -> Incident | None:
        """An open incident whose grid centre or coordinator is none of these, locked until the end.

        `centres`: department code by region. None when there is none to be had for which one of them is there.
        """
        for column, condition in ANSWER.items():
            statement = _UNHELD.format(columns=COLUMNS, column=column, open=condition)
            given = {"codes": self._others(column, centres), "regions": list(centres)}
            if given["codes"] and (found := self._connection.execute(_typed(statement), given).mappings().first()):
                return incident_of(found)
        return None

    def count_unheld(self, centres: Mapping[str, str]) -> int:
        """How many open incidents have another grid centre than these."""
        others = self._others("owner", centres)
        counted = self._connection.execute(sa.text(_COUNT_UNHELD), {"codes": others}) if others else None
        return int(counted.scalar_one()) if counted else 0

    def _others(self, column: str, centres: Mapping[str, str]) -> list[str]:
        """Codes of whoever answers for open incidents that are none of these grid centres."""
        statement = sa.text(OTHERS.format(column=column, open=ANSWER[column]))
        return list(self._connection.execute(statement, {"centres": list(centres.values())}).scalars())

    def _only(self, statement: sa.Select[Any], given: Mapping[str, Any]) -> Incident:
        found = self._connection.execute(statement, given).mappings().first()
        if found is None:
            raise not_found("INCIDENT_NOT_FOUND")
        return incident_of(found)


def _typed(statement: str) -> sa.TextualSelect:
    """What is written out, with the types of an incident's columns."""
    return sa.text(statement).columns(**{each.name: each.type for each in INCIDENT.c})
