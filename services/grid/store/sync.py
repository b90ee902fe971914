"""Changes of incidents in an order in which none can be missed.

Transactions do not commit in the order in which they began to write: with a sequence or a time an app that has read up
to 7 never sees 6, which commits later. So each change is marked with its transaction's id, and told only once no
transaction up to that id is running any more: below the snapshot's xmin, the horizon. Nothing can come up below it
later. A change is told a little later for that, at most as long as the longest transaction of the whole server lasts.

An incident that is changed again moves up in the order, and is told again. One that goes out of sight of some audience
leaves the facts by which it was in sight in `incident_left`, in the same order.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.grid.domain.sync import Audience, Change, Changes, Place, Standing
from services.grid.store.filters import TOWNSHIP_DIGITS
from services.grid.store.incident_rows import COLUMNS, INCIDENT, incident_of

# A restore or a failover begins another timeline, another server has another identifier.
_STANDING = sa.text(
    "SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8),"
    " pg_snapshot_xmin(pg_current_snapshot())::text::bigint, now() FROM pg_control_system()"
)
_REPORTER = "reporter_kind = :kind AND reporter_id = :party_id"
_DEPARTMENT = "department = :department"
_OWNER = "owner = :department AND department <> :department"
_REGION = "region ^@ :bound"
# The index of townships serves whatever lies in one.
_TOWNSHIP = "left(region, 9) = left(:bound, 9)"
_PRESENT = """(
    SELECT id AS incident_id, changed_in, true AS present FROM incident
    WHERE {whose} AND (changed_in, id) > (CAST(:after_in AS xid8), :after_id) AND changed_in < CAST(:horizon AS xid8)
    ORDER BY changed_in, id LIMIT :fetch
)"""
_LEFT = """(
    SELECT DISTINCT incident_id, changed_in, false AS present FROM incident_left AS gone
    WHERE ({whose}) AND (changed_in, incident_id) > (CAST(:after_in AS xid8), :after_id)
        AND changed_in >= CAST(:floor AS xid8) AND changed_in < CAST(:horizon AS xid8)
        AND NOT EXISTS (SELECT FROM incident WHERE id = gone.incident_id AND ({whose}))
    ORDER BY changed_in, incident_id LIMIT :fetch
)"""
_WHOLE = """
SELECT changes.incident_id AS change_id, changes.changed_in::text::bigint AS change_in, present, {columns}
FROM ({parts} ORDER BY changed_in, incident_id LIMIT :fetch) AS changes
LEFT JOIN incident ON incident.id = changes.incident_id AND present
ORDER BY changes.changed_in, changes.incident_id
"""
_FORGET = sa.text(
    "DELETE FROM incident_left WHERE ctid = ANY("
    "ARRAY(SELECT ctid FROM incident_left WHERE left_at < :before LIMIT 1000))"
)


class SyncStore:
    """Changes over a connection whose statements stand alone."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def standing(self) -> Standing:
        """Where the database is. To be asked before the changes, which see at least as much."""
        return Standing(*self._connection.execute(_STANDING).one())

    def changes(self, audience: Audience, after: Place, floor: int, horizon: int, size: int) -> Changes:
        """The next changes for an audience behind a place, up to the horizon."""
        given = _given(audience) | {
            "after_in": str(after.transaction),
            "after_id": after.incident_id,
            "floor": str(floor),
            "horizon": str(horizon),
            "fetch": size + 1,
        }
        rows = self._connection.execute(_statement(audience), given).mappings().all()
        shown = rows[:size]
        last = Place(shown[-1]["change_in"], shown[-1]["change_id"]) if shown else after
        return Changes(tuple(_change(row) for row in shown), last, len(rows) > size)

    def forget_left(self, before: datetime) -> bool:
        """Forget some of what went out of sight before a moment. Whether there was any."""
        return self._connection.execute(_FORGET, {"before": before}).rowcount > 0


def _statement(audience: Audience) -> sa.TextualSelect:
    region = f"{_REGION} AND {_TOWNSHIP}" if len(audience.bound) >= TOWNSHIP_DIGITS else _REGION
    whose = [f"{each} AND {region}" for each in _whose(audience)] or [region]
    present = [_PRESENT.format(whose=each) for each in whose]
    left = _LEFT.format(whose=" OR ".join(f"({each})" for each in whose))
    whole = _WHOLE.format(columns=COLUMNS, parts=" UNION ALL ".join((*present, left)))
    made = sa.text(whole).bindparams(sa.bindparam("after_id", type_=sa.Uuid))
    return made.columns(**{each.name: each.type for each in INCIDENT.c})


def _whose(audience: Audience) -> list[str]:
    """Each has an index of its own."""
    if audience.reporter:
        return [_REPORTER]
    return [_DEPARTMENT, _OWNER] if audience.department else []


def _given(audience: Audience) -> dict[str, Any]:
    given: dict[str, Any] = {"bound": audience.bound}
    if audience.reporter:
        return given | {"kind": audience.reporter.kind, "party_id": audience.reporter.id}
    return given | ({"department": audience.department} if audience.department else {})


def _change(row: Any) -> Change:
    found: UUID = row["change_id"]
    return Change(found, incident_of(row) if row["present"] else None)
