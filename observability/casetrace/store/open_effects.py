"""Events that consumers have not taken, of all services: also those of no case, and the case trace's own."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from observability.casetrace.domain.effects import Effect, OpenEffects

MOST_LISTED = 200
COLUMNS = (
    "service", "consumer", "event_id", "event_type", "case_number", "outcome", "reason", "attempts", "decided_at",
    "due_at",
)  # fmt: skip
TYPES = {"attempts": "int", "decided_at": "timestamptz", "due_at": "timestamptz"}
KEY = ("service", "event_id", "consumer")

_NAMES = ", ".join(COLUMNS)
_OF_O = ", ".join(f"o.{name}" for name in COLUMNS)
_ARRAYS = ", ".join(f"%({name})s::{TYPES.get(name, 'text')}[]" for name in COLUMNS)
KEEP = (
    f"INSERT INTO open_effect ({_NAMES}) SELECT * FROM unnest({_ARRAYS}) ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET"
    f" {', '.join(f'{name} = excluded.{name}' for name in COLUMNS if name not in KEY)}"
)
DONE = (
    "DELETE FROM open_effect o USING unnest(%(service)s::text[], %(event_id)s::text[], %(consumer)s::text[])"
    " AS done (service, event_id, consumer) WHERE o.service = done.service AND o.event_id = done.event_id"
    " AND o.consumer = done.consumer"
)
VOID = sa.text("DELETE FROM open_effect WHERE service = :service")
# What the case trace could not take itself lies in its own database. A case that is not known yet lies in the county
# that its number begins with.
_ALL = (
    f"(SELECT {_NAMES} FROM open_effect UNION ALL SELECT 'casetrace', consumer, event_id, event_type,"
    " coalesce(case_number, ''), CASE state WHEN 'DEFERRED' THEN 'retrying' ELSE lower(state) END, reason, attempts,"
    " parked_at, due_at FROM chassis.parked_event) AS o"
)
_WITHIN = (
    f" FROM {_ALL} LEFT JOIN case_file f ON f.case_number = o.case_number"
    " WHERE (o.case_number = '' OR coalesce(nullif(f.region, ''), left(o.case_number, 6)) LIKE :bound)"
    " AND (:service = '' OR o.service = :service)"
)
_SELECTED = f"SELECT {_OF_O}{_WITHIN}"
LISTED = sa.text(
    f"SELECT *, count(*) OVER () AS total FROM ({_SELECTED}) AS o"
    " ORDER BY array_position(ARRAY['parked', 'retrying', 'waiting'], outcome), decided_at, service, event_id, consumer"
    " LIMIT :most"
)
ONE = sa.text(f"{_SELECTED} AND o.event_id = :event_id ORDER BY o.consumer")
# What is open of an event comes before what was known of it then.
DONE_WITH = sa.text(
    f"SELECT {_OF_O} FROM effect o JOIN case_file f ON f.case_number = o.case_number"
    " WHERE f.region LIKE :bound AND o.service = :service AND o.event_id = :event_id ORDER BY o.consumer"
)


class OpenEffectStore:
    """Open effects over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, effects: Sequence[Effect]) -> None:
        """Keep those that are open, and forget those that are not any more. Each event and consumer once."""
        for statement, wanted in ((KEEP, True), (DONE, False)):
            rows = [each for each in effects if each.is_open is wanted]
            if rows:
                arrays = {name: [getattr(each, name) for each in rows] for name in COLUMNS}
                self._connection.exec_driver_sql(statement, arrays)

    def void(self, service: str) -> None:
        """Forget what a service said."""
        self._connection.execute(VOID, {"service": service})

    def listed(self, bound: str, service: str = "") -> OpenEffects:
        """Up to 200 within a region, and those of no case: parked ones first, then by age. All services, or one."""
        given = {"bound": f"{bound}%", "service": service, "most": MOST_LISTED}
        rows = self._connection.execute(LISTED, given).all()
        return OpenEffects([_effect(row) for row in rows], rows[0].total if rows else 0)

    def of_event(self, service: str, event_id: str, bound: str) -> OpenEffects:
        """How one event stands at each consumer of a service, also where it is done with and belongs to a case."""
        given = {"service": service, "event_id": event_id, "bound": f"{bound}%"}
        rows = [row for query in (DONE_WITH, ONE) for row in self._connection.execute(query, given)]
        found = {row.consumer: _effect(row) for row in rows}
        return OpenEffects(list(found.values()), len(found))


def _effect(row: sa.Row[tuple[object, ...]]) -> Effect:
    values = {name: getattr(row, name) for name in COLUMNS}
    return Effect(**values | {"reason": row.reason or ""})
