"""Apps that keep up with the server, and the server as they see it."""

from __future__ import annotations

from contextlib import ExitStack
from uuid import UUID

import sqlalchemy as sa

from services.chassis.database import standalone
from services.grid.domain.incidents import Incident
from services.grid.domain.places import Position
from services.grid.domain.sync import Audience, Bookmark, Change
from services.grid.store.sync import SyncStore
from services.kernel.coordinates import Point
from services.kernel.parties import Party
from tests.integration.grid.desk import empty
from tests.unit.grid.samples import CENTRE, ELSEWHERE, GRID, REPORTER

STRANGER = Party("person", "018f3c4e-0000-7000-8000-00000000beef")


DEPARTMENTS = ("", "371102-CGJ", "371102-SCJG")


REGIONS = (GRID, "371102001001001", "371102002001", ELSEWHERE)


AUDIENCES = (
    Audience("3711"), Audience("371102"), Audience("371102001"), Audience(GRID), Audience("3711", REPORTER),
    Audience("3711", None, "371102-CGJ"), Audience("3711", None, CENTRE),
)  # fmt: skip


ALL = 200


SEEN = Position(Point(35.4, 119.5), 10.0)


class App:
    """An app that keeps a copy."""

    def __init__(self, connection: sa.Connection, audience: Audience) -> None:
        self._store, self.audience = SyncStore(connection), audience
        self._kept: Bookmark | None = None
        self.copy: dict[UUID, Incident] = {}

    def sync(self, size: int = ALL) -> tuple[Change, ...]:
        """One answer, applied."""
        standing = self._store.standing()
        kept = self._kept or Bookmark.first(self.audience, standing)
        kept.demand_good(self.audience, standing)
        changes = self._store.changes(self.audience, kept.after, kept.floor, standing.horizon, size)
        for each in changes.rows:
            if each.incident is None:
                self.copy.pop(each.incident_id, None)
            else:
                self.copy[each.incident_id] = each.incident
        self._kept, self.more = kept.moved(changes, standing), changes.more
        return changes.rows

    def sync_all(self, size: int = ALL) -> None:
        """Until there is no more."""
        self.sync(size)
        while self.more:
            self.sync(size)

    def right(self, incidents: list[Incident]) -> dict[UUID, Incident]:
        """What it is to have of these."""
        return {each.id: each for each in incidents if self._sees(each)}

    def _sees(self, each: Incident) -> bool:
        audience = self.audience
        whose = audience.reporter in (None, each.reporter)
        by = audience.department in ("", each.department, each.owner)
        return whose and by and each.report.region.startswith(audience.bound)


class World:
    """A database with nothing in it, in which several transactions may be open at once."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._stack = ExitStack()
        empty(engine)

    def connection(self) -> sa.Connection:
        return self._stack.enter_context(self.engine.connect())

    def looking(self) -> sa.Connection:
        return self._stack.enter_context(standalone(self.engine).connect())

    def close(self) -> None:
        self._stack.close()
