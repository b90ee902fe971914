"""What became of events at consumers, and how far each service was read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from observability.casetrace.domain.effects import Effect, Source, Taker, Troubles, troubles
from services.kernel.errors import conflict

COLUMNS = (
    "event_id", "service", "consumer", "day", "event_type", "case_number", "outcome", "reason", "attempts",
    "decided_at", "due_at",
)  # fmt: skip
KEY = ("event_id", "service", "consumer", "day")

KEEP = (
    f"INSERT INTO effect ({', '.join(COLUMNS)}) SELECT {', '.join(COLUMNS)}"
    " FROM json_populate_recordset(NULL::effect, %(rows)s)"
    f" ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET"
    f" {', '.join(f'{name} = excluded.{name}' for name in COLUMNS if name not in KEY)}"
)
TAKERS = (
    "INSERT INTO taker AS t SELECT event_type, service, consumer, min(decided_at), max(decided_at)"
    " FROM json_populate_recordset(NULL::effect, %(rows)s)"
    " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 ON CONFLICT (event_type, service,"
    " consumer) DO UPDATE SET first_at = least(t.first_at, excluded.first_at),"
    " last_at = greatest(t.last_at, excluded.last_at)"
    # Once an hour is often enough for what counts in days.
    " WHERE excluded.first_at < t.first_at OR excluded.last_at > t.last_at + interval '1 hour'"
)
TAKERS_OF = sa.text(
    "SELECT event_type, service, consumer, first_at, last_at FROM taker WHERE event_type = ANY(:types)"
    " ORDER BY service, consumer"
)
TROUBLES = sa.text(
    "SELECT case_number, outcome, count(*) AS effects FROM effect WHERE case_number = ANY(:numbers)"
    " AND outcome IN ('parked', 'retrying', 'refused') GROUP BY case_number, outcome"
)
VOID = sa.text("DELETE FROM effect WHERE service = :service AND day >= :since")
OF_CASE = sa.text(
    "SELECT event_id, service, consumer, event_type, case_number, outcome, coalesce(reason, '') AS reason, attempts,"
    " decided_at, due_at FROM effect WHERE case_number = :number ORDER BY service, consumer"
)
SOURCES = sa.text(
    "SELECT wanted.service, coalesce(s.cursor, '') AS cursor, s.known_at"
    " FROM unnest(CAST(:services AS text[])) AS wanted (service) LEFT JOIN source s ON s.service = wanted.service"
    " ORDER BY wanted.service"
)
NEXT = sa.text(
    "SELECT wanted.service, coalesce(s.cursor, '') AS cursor, s.known_at"
    " FROM unnest(CAST(:services AS text[])) AS wanted (service) LEFT JOIN source s ON s.service = wanted.service"
    " WHERE s.asked_at IS NULL OR s.asked_at <= :before ORDER BY s.asked_at NULLS FIRST LIMIT 1"
)
MOVE = sa.text(
    "INSERT INTO source AS s (service, cursor, asked_at, known_at) VALUES (:service, :next, :asked_at, :known_at)"
    " ON CONFLICT (service) DO UPDATE SET cursor = excluded.cursor, asked_at = excluded.asked_at,"
    " known_at = coalesce(excluded.known_at, s.known_at) WHERE s.cursor = :cursor"
)


class EffectStore:
    """Effects over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, effects: Sequence[Effect]) -> None:
        """Keep what became of events, in the place of what was known. Each event and consumer once."""
        rows = json.dumps([_row(effect) for effect in effects])
        self._connection.exec_driver_sql(KEEP, {"rows": rows})
        self._connection.exec_driver_sql(TAKERS, {"rows": rows})

    def void(self, service: str, since: date) -> None:
        """Forget what a service said of events recorded from that day on."""
        self._connection.execute(VOID, {"service": service, "since": since})

    def of_case(self, number: str) -> dict[str, list[Effect]]:
        """What became of a case's events, by event id."""
        found: dict[str, list[Effect]] = {}
        for row in self._connection.execute(OF_CASE, {"number": number}):
            found.setdefault(row.event_id, []).append(Effect(**row._mapping))
        return found

    def takers(self, event_types: Sequence[str]) -> list[Taker]:
        """The consumers that have taken events of these types, by service and consumer."""
        return [Taker(*row) for row in self._connection.execute(TAKERS_OF, {"types": list(event_types)})]

    def troubles(self, numbers: Sequence[str]) -> dict[str, Troubles]:
        """The troubles of those of these cases that have any."""
        found: dict[str, dict[str, int]] = {}
        for row in self._connection.execute(TROUBLES, {"numbers": list(numbers)}):
            found.setdefault(row.case_number, {})[row.outcome] = row.effects
        return {number: troubles(outcomes) for number, outcomes in found.items()}


class SourceStore:
    """How far services were read, over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def all(self, services: Sequence[str]) -> list[Source]:
        """These services, also those that were never asked."""
        rows = self._connection.execute(SOURCES, {"services": list(services)})
        return [Source(**row._mapping) for row in rows]

    def next(self, services: Sequence[str], now: datetime, every_s: float) -> Source | None:
        """The service that was not asked for longest; None while all were asked less than `every_s` ago."""
        before = now - timedelta(seconds=every_s)
        row = self._connection.execute(NEXT, {"services": list(services), "before": before}).first()
        return Source(**row._mapping) if row else None

    def move(self, source: Source, next: str, asked_at: datetime, known_at: datetime | None) -> None:
        """Note that a service was read on from where it was; Refusal STALE_VERSION when another process was faster.

        `known_at`: at that moment all was known; None leaves what was noted before.
        """
        facts: dict[str, Any] = {"service": source.service, "cursor": source.cursor}
        moved = self._connection.execute(MOVE, facts | {"next": next, "asked_at": asked_at, "known_at": known_at})
        if moved.rowcount == 0:
            raise conflict("STALE_VERSION")


def _row(effect: Effect) -> dict[str, Any]:
    row = {name: getattr(effect, name) for name in COLUMNS}
    moments = {"decided_at": effect.decided_at.isoformat(), "due_at": effect.due_at and effect.due_at.isoformat()}
    return row | moments | {"day": str(effect.day), "reason": effect.reason or None}
