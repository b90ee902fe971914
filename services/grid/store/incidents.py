"""How incidents are kept, and found one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.grid.domain.incidents import Incident
from services.grid.domain.states import IncidentState
from services.grid.store.incident_rows import INCIDENT, incident_of, incident_row
from services.grid.store.stages import TRUE_STATE, in_state
from services.kernel.errors import not_found
from services.kernel.paging import Page, PageRequest
from services.kernel.parties import Party
from services.kernel.regions import scope_prefix

# The chassis's table of what is due.
_DUE = sa.table("due", sa.column("name"), sa.column("key"), schema="chassis")
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
_OPEN = sa.select(INCIDENT).where(INCIDENT.c.state != sa.literal_column("'CLOSED'"))
_MAIN = INCIDENT.alias("main")
_FOLLOWS = sa.and_(
    sa.literal_column(TRUE_STATE) == sa.literal_column("'MERGED'"),
    sa.exists().where(_MAIN.c.id == INCIDENT.c.main_id, _MAIN.c.state != sa.literal_column("'CLOSED'")),
)
_UNWATCHED = (
    _OPEN.where(~sa.exists().where(_DUE.c.name == sa.bindparam("timer"), _DUE.c.key == sa.cast(INCIDENT.c.id, sa.Text)))
    .where(~_FOLLOWS)
    .limit(1)
    .with_for_update(skip_locked=True, of=INCIDENT)
)
_UNHELD = _OPEN.where(INCIDENT.c.owner == "").limit(1).with_for_update(skip_locked=True)
_NEWEST_FIRST = sa.select(INCIDENT).order_by(INCIDENT.c.filed_at.desc(), INCIDENT.c.id.desc())


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
            raise self._only(_NOW, {"incident_id": incident.id}).stale()

    def unwatched(self, timer: str) -> Incident | None:
        """An open incident that is not due by this name, locked until the end; None when there is none to be had.

        A duplicate is not meant whose main incident is open: it is looked at when that ends.
        """
        found = self._connection.execute(_UNWATCHED, {"timer": timer}).mappings().first()
        return incident_of(found) if found else None

    def unheld(self) -> Incident | None:
        """An open incident that nobody answers for, locked until the end; None when there is none to be had."""
        found = self._connection.execute(_UNHELD).mappings().first()
        return incident_of(found) if found else None

    def search(
        self,
        bound: str,
        page: PageRequest,
        *,
        reported_by: Party | None = None,
        state: IncidentState | None = None,
        region: str = "",
        case_number: str = "",
    ) -> Page[Incident]:
        """Incidents inside `bound`, newest first; None and empty filters let everything pass."""
        wanted = _NEWEST_FIRST.where(INCIDENT.c.region.like(f"{bound}%"))
        if reported_by:
            kind, party_id = reported_by
            wanted = wanted.where(INCIDENT.c.reporter_kind == kind, INCIDENT.c.reporter_id == party_id)
        if state:
            wanted = wanted.where(sa.text(in_state(state)))
        if region:
            wanted = wanted.where(INCIDENT.c.region.like(f"{scope_prefix(region)}%"))
        if case_number:
            wanted = wanted.where(INCIDENT.c.case_number == case_number)
        if page.after:
            wanted = wanted.where(sa.tuple_(INCIDENT.c.filed_at, INCIDENT.c.id) < page.after)
        rows = self._connection.execute(wanted.limit(page.fetch)).mappings()
        return page.cut([incident_of(row) for row in rows], key=lambda incident: (incident.filed_at, incident.id))

    def _only(self, statement: sa.Select[Any], given: Mapping[str, Any]) -> Incident:
        found = self._connection.execute(statement, given).mappings().first()
        if found is None:
            raise not_found("INCIDENT_NOT_FOUND")
        return incident_of(found)
