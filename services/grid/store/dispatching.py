"""What a dispatch reads beside the incident, and why each was decided as it was.

Open cases are counted, not kept as a counter: the index of open incidents by department has all that is asked, and a
counter would be one row of each department that every dispatch, return and close has to lock. Those who choose between
the same departments choose one after the other: the next one counts what the one before decided.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.grid.domain.catalogue import Urgency
from services.grid.domain.decisions import Decision, Kept, Load, Source, Undecided
from services.grid.domain.incidents import Incident
from services.grid.domain.queues import held_by
from services.grid.domain.routing import Case, Routing
from services.grid.domain.states import Who
from services.grid.store.routing import KnownRoutings
from services.grid.store.stages import TRUE_STATE

DISPATCH = sa.Table(
    "dispatch",
    sa.MetaData(),
    sa.Column("incident_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("dispatched_at", sa.DateTime(timezone=True)),
    sa.Column("department", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("rule", sa.Integer),
    sa.Column("routing", sa.BigInteger),
    sa.Column("loads", JSONB),
    sa.Column("text_zh", sa.Text),
    sa.Column("text_en", sa.Text),
    sa.Column("urgency", sa.Text),
    sa.Column("urgent_by", sa.Text),
)
_AT_WORK = ", ".join(f"'{each.value}'" for each in held_by(Who.DEPARTMENT))
OPEN_CASES = sa.text(
    "SELECT department, count(*) AS open_cases FROM incident WHERE state <> 'CLOSED' AND department = ANY(:departments)"
    f" AND {TRUE_STATE} IN ({_AT_WORK}) GROUP BY department"
)
_TAKE_TURNS = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('grid/load/' || :department, 0))")
LAST_DEPARTMENT = sa.text(
    "SELECT department FROM ("
    "SELECT department, region FROM incident WHERE type_code = :code AND filed_at > :since"
    " ORDER BY filed_at DESC, id DESC LIMIT 200"
    ") AS lately WHERE left(region, 6) = :county AND department <> ''"
    " AND department <> ALL(:returned_by) LIMIT 1"
)
_OF_INCIDENT = (
    sa.select(DISPATCH).where(DISPATCH.c.incident_id == sa.bindparam("id")).order_by(DISPATCH.c.version.desc())
)
_LEAVE = sa.text("UPDATE incident SET undecided = :why WHERE id = :id AND undecided IS DISTINCT FROM :why").bindparams(
    sa.bindparam("id", type_=sa.Uuid), sa.bindparam("why", type_=sa.Text)
)
_LAST_SOURCES = sa.text(
    "SELECT DISTINCT ON (incident_id) incident_id, dispatch.source FROM dispatch"
    " JOIN incident ON incident.id = incident_id AND incident.dispatched_at = dispatch.dispatched_at"
    " WHERE incident_id = ANY(:ids) ORDER BY incident_id, dispatch.version DESC"
).bindparams(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)))


class DispatchStore:
    """Over one connection. Is a `usecases.dispatching.Dispatching`."""

    def __init__(self, connection: sa.Connection, known: KnownRoutings) -> None:
        self._connection = connection
        self._known = known

    def routing(self, at: datetime) -> tuple[int, Routing]:
        """The rules in force at a moment, with their version; 0 and none before the first."""
        return self._known.at(self._connection, at)

    def open_cases(self, departments: Sequence[str]) -> Mapping[str, int]:
        """What departments hold; those that hold nothing are left out."""
        found = self._connection.execute(OPEN_CASES, {"departments": list(departments)})
        return {row.department: row.open_cases for row in found}

    def take_turns(self, departments: Sequence[str]) -> None:
        """Whoever chooses between some of these departments waits until the end of the transaction."""
        for department in sorted(departments):
            self._connection.execute(_TAKE_TURNS, {"department": department})

    def last_department(self, case: Case, since: datetime) -> str:
        """Who had the last incident of the type in the county since a moment, of the newest 200; empty: nobody."""
        given = {"code": case.type.code, "county": case.region[:6], "returned_by": [*case.returned_by], "since": since}
        return self._connection.execute(LAST_DEPARTMENT, given).scalar() or ""

    def leave(self, incident_id: UUID, why: Undecided | None) -> None:
        """Keep why rules leave it to a person; None: they do not. It is read by queues alone."""
        self._connection.execute(_LEAVE, {"id": incident_id, "why": why})

    def keep(self, incident: Incident, routing: int, decision: Decision) -> None:
        """Keep why an incident was dispatched as it was."""
        values: dict[str, Any] = {
            "incident_id": incident.id,
            "version": incident.version,
            "dispatched_at": incident.dispatched_at,
            "department": incident.department,
            "source": decision.source,
            "rule": decision.rules[0] if decision.rules else None,
            "routing": routing or None,
            "loads": [each._asdict() for each in decision.loads],
            "text_zh": decision.text_zh,
            "text_en": decision.text_en,
            "urgency": decision.urgency,
            "urgent_by": decision.urgent_by,
        }
        self._connection.execute(sa.insert(DISPATCH), values)

    def kept(self, incident_id: UUID) -> list[Kept]:
        """Why it was dispatched as it was, the last time first."""
        return [_kept(row) for row in self._connection.execute(_OF_INCIDENT, {"id": incident_id}).mappings()]

    def last_sources(self, incident_ids: Collection[UUID]) -> Mapping[UUID, Source]:
        """By what the last dispatch of each was decided; those of which nothing is kept are left out."""
        found = self._connection.execute(_LAST_SOURCES, {"ids": list(incident_ids)})
        return {incident_id: Source(source) for incident_id, source in found}


def _kept(row: Any) -> Kept:
    decision = Decision(
        department=row["department"],
        source=Source(row["source"]),
        rules=(row["rule"],) if row["rule"] else (),
        loads=tuple(Load(**each) for each in row["loads"]),
        text_zh=row["text_zh"],
        text_en=row["text_en"],
        urgency=Urgency(row["urgency"] or Urgency.NORMAL),
        urgent_by=Source(row["urgent_by"]) if row["urgent_by"] else None,
    )
    return Kept(row["version"], row["dispatched_at"], row["routing"] or 0, decision)
