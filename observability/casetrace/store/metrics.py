"""What processes told of themselves: one row for each process and moment, however often it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from observability.casetrace.domain.health import LATELY
from observability.casetrace.domain.reports import Process, Report
from observability.casetrace.domain.series import Window
from observability.casetrace.store.spans import as_json, storable

TOLD = (
    "calls", "failed", "seconds", "outbox_depth", "outbox_age", "leads", "ready", "restored", "pool_in_use",
    "pool_size",
)  # fmt: skip
SUMS = {"lag": "lags", "parked": "parkeds"}
COLUMNS = ("at", "service", "instance", "began_at", *TOLD, *SUMS, *SUMS.values())

# A process may tell of one moment in several requests: what each of them says is put together.
_TOGETHER = ", ".join(
    [f"{name} = coalesce(excluded.{name}, m.{name})" for name in (*TOLD, *SUMS)]
    + [f"{name} = m.{name} || excluded.{name}" for name in SUMS.values()]
)
ADD = (
    f"INSERT INTO metric AS m ({', '.join(COLUMNS)}) VALUES ({', '.join(f'%({name})s' for name in COLUMNS)})"
    f" ON CONFLICT (service, at, instance) DO UPDATE SET {_TOGETHER}"
)
SINCE = sa.text(
    f"SELECT {', '.join(name for name in COLUMNS if name not in SUMS)} FROM metric WHERE at > :since ORDER BY at"
)
HEARD = sa.text(
    "SELECT wanted.service, (SELECT max(at) FROM metric m WHERE m.service = wanted.service) AS heard_at"
    " FROM unnest(CAST(:services AS text[])) AS wanted (service) ORDER BY wanted.service"
)
# Of each life of a process one report for each stretch. Counts only grow while it lives, so the most is the last; of
# arrays that grow element by element the greatest is, too.
OVER = sa.text(
    "SELECT service, instance, began_at, max(at) AS at, max(calls) AS calls, max(failed) AS failed,"
    " max(seconds) AS seconds, max(outbox_depth) AS outbox_depth, max(outbox_age) AS outbox_age,"
    " max(lag) AS lag, max(parked) AS parked"
    " FROM metric WHERE at > :since AND at <= :until"
    " GROUP BY service, instance, began_at, date_bin(:stretch, at, :start) ORDER BY service, at"
)


class MetricStore:
    """Reports over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, reports: Sequence[Report]) -> None:
        """Keep reports, all or none. One that is there already changes nothing."""
        driver: Any = self._connection.connection.driver_connection
        # In one order, so that two writers do not wait for one another.
        rows = sorted((_row(report) for report in reports), key=itemgetter("service", "at", "instance"))
        with driver.cursor() as cursor:
            cursor.executemany(ADD, rows)

    def lately(self, since: datetime) -> list[Report]:
        """All reports of moments behind `since`, in order."""
        return [_report(row) for row in self._connection.execute(SINCE, {"since": since})]

    def heard(self, services: Sequence[str]) -> dict[str, datetime | None]:
        """The moment of the last report of each of these services; None where none is kept."""
        rows = self._connection.execute(HEARD, {"services": list(services)})
        return {row.service: row.heard_at for row in rows}

    def over(self, window: Window, before: timedelta) -> list[Report]:
        """Reports of the window and so long before it, thinned to one for each process and stretch.

        They tell of calls, and the most that the rest was, consumers added up.
        """
        given = {"since": window.start - before, "until": window.end, "stretch": window.stretch, "start": window.start}
        return [_thinned(row) for row in self._connection.execute(OVER, given)]


class Thinned:
    """Reports over time, read again after a while: two days of them take a good part of a second to thin.

    What came since is for the reader to add: `lately` has it. Safe for use from many threads.
    """

    def __init__(self) -> None:
        self._kept: dict[timedelta, tuple[datetime, list[Report]]] = {}

    def over(self, store: MetricStore, window: Window, now: datetime) -> list[Report]:
        """Reports of the window, and of a while before it that growth is counted from."""
        read_at, reports = self._kept.get(window.stretch, (None, []))
        if read_at is None or not timedelta() <= now - read_at < min(window.stretch / 4, LATELY):
            reports = store.over(window, max(window.stretch, LATELY))
            self._kept[window.stretch] = now, reports
        return reports


def _row(report: Report) -> dict[str, Any]:
    row = {name: getattr(report, name) for name in TOLD}
    service, instance, began_at = report.process
    row |= {"service": storable(service), "instance": storable(instance), "began_at": began_at, "at": report.at}
    row["seconds"] = list(report.seconds) if report.seconds is not None else None
    for total, by_consumer in SUMS.items():
        told = getattr(report, by_consumer)
        row |= {total: sum(told.values()) if told else None, by_consumer: as_json(told)}
    return row


def _report(row: Any) -> Report:
    values = dict(row._mapping)
    process = Process(values.pop("service"), values.pop("instance"), values.pop("began_at"))
    seconds = values.pop("seconds")
    return Report(process, seconds=tuple(seconds) if seconds is not None else None, **values)


def _thinned(row: Any) -> Report:
    return Report(
        Process(row.service, row.instance, row.began_at),
        row.at,
        calls=row.calls,
        failed=row.failed,
        seconds=tuple(row.seconds) if row.seconds is not None else None,
        outbox_depth=row.outbox_depth,
        outbox_age=row.outbox_age,
        lags={"": row.lag} if row.lag is not None else {},
        parkeds={"": row.parked} if row.parked is not None else {},
    )
