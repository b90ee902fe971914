"""Grid's tables as they are after years: cases, and the events that passed through log, outbox and inbox.

The rows are made inside the database, as like those of real calls as the calls measured can tell: regions of the sample
city, times spread over a year (of what is kept for days, over those days), an event's headers and body from a real one.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg import sql

from deploy.local.places import ROOT
from deploy.local.postgres import Postgres

DATABASE = "grid"
REGIONS = ROOT / "deploy" / "local" / "sample" / "regions.csv"
VILLAGE_DIGITS = 12
CHUNK = 250_000
# Nothing of a half-filled database is worth keeping, and no measurement runs meanwhile.
HURRIED = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "'4GB'", "autovacuum": "off"}

# The id of a case by its number, and the moment it was filed: both rise with the number, as those of real cases do.
CASE = """
CREATE FUNCTION pg_temp.filed(n bigint, cases bigint) RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT now() - interval '1 year' * ((cases - n + 1)::float8 / cases) $$;
CREATE FUNCTION pg_temp.case_id(n bigint, cases bigint) RETURNS uuid LANGUAGE sql STABLE AS
    $$ SELECT (lpad(to_hex((extract(epoch FROM pg_temp.filed(n, cases)) * 1000)::bigint), 12, '0')
        || '7' || lpad(to_hex(n & 4095), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid $$;
CREATE FUNCTION pg_temp.case_number(n bigint, cases bigint) RETURNS text LANGUAGE sql STABLE AS
    $$ SELECT '371102-' || to_char(pg_temp.filed(n, cases), 'YYYYMMDD') || '-2' || (500000000 + n) || '-K' $$;
CREATE TEMP TABLE village (n bigint PRIMARY KEY, code text NOT NULL);
"""

# One in fifty is open, the newest ones, with time left. Cases that follow one another lie far apart: a county has some
# of every state, also among few.
INCIDENTS = """
INSERT INTO incident (id, case_number, version, state, region, owner, department, type_standard, type_kind, type_code,
    description, address, seen_at, reporter_kind, reporter_id, reporter_citizen_number, enterprise_code,
    enterprise_code_doubtful, reference, filed_at, dispatched_at, handle_by, dispatch_reason, closed_at,
    closing_outcome, deadline, handle_within_hours)
SELECT pg_temp.case_id(each.n, %(cases)s), pg_temp.case_number(each.n, %(cases)s),
    CASE state WHEN 'FILED' THEN 1 ELSE 6 END, state,
    code, left(code, 6) || '-ZHZX', CASE state WHEN 'FILED' THEN '' ELSE left(code, 6) || '-CGJ' END,
    'GB/T 47678.5-2026', 'event', '06010', repeat('路口东侧垃圾堆放已有两天。', 3),
    '示例路 ' || each.n %% 400 || ' 号', filed, CASE each.n %% 2 WHEN 0 THEN 'client' ELSE 'person' END,
    CASE each.n %% 2 WHEN 0 THEN 'rizhao-ssp' ELSE md5((each.n %% 200000)::text)::uuid::text END, '', '', false,
    'SSP-' || each.n, filed, CASE state WHEN 'FILED' THEN NULL ELSE filed END,
    CASE state WHEN 'FILED' THEN NULL ELSE filed + interval '72 hours' END, '',
    CASE state WHEN 'CLOSED' THEN filed + interval '3 days' END, CASE state WHEN 'CLOSED' THEN 'HANDLED' END,
    CASE state WHEN 'CLOSED' THEN NULL ELSE now() + interval '30 days' END,
    CASE state WHEN 'FILED' THEN NULL ELSE 72 END
FROM (SELECT n, pg_temp.filed(n, %(cases)s) AS filed, CASE WHEN n <= %(cases)s * 0.98 THEN 'CLOSED'
        ELSE (ARRAY['FILED', 'DISPATCHED', 'ACCEPTED', 'HANDLED', 'VERIFIED'])[1 + n %% 5] END AS state
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n) AS each
JOIN village ON village.n = each.n * 7919 %% (SELECT count(*) FROM village)
ORDER BY each.n
"""
EVENTS = """
INSERT INTO chassis.event_log (event_id, logged_at, type, aggregate_id, aggregate_version, case_number, headers,
    traceparent, body)
SELECT uuidv7(at - clock_timestamp()), at, %(type)s, pg_temp.case_id(n, %(cases)s)::text, version,
    pg_temp.case_number(n, %(cases)s), %(headers)s::jsonb, %(traceparent)s, %(body)s
FROM (SELECT 1 + (g - 1) / %(each)s AS n, 1 + (g - 1) %% %(each)s AS version,
        pg_temp.filed(1 + (g - 1) / %(each)s, %(cases)s) + interval '1 us' * ((g - 1) %% %(each)s) AS at
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS g) AS each
"""
# Deleted where they were queued: the relay, which reads what is committed, never sees them.
PASSED = """
INSERT INTO chassis.outbox (event_id, logged_at)
SELECT uuidv7(), now() FROM generate_series(%(first)s::bigint, %(last)s::bigint)
"""
PUBLISHED = "DELETE FROM chassis.outbox WHERE xmin = pg_current_xact_id()::xid"
INBOX = """
INSERT INTO chassis.inbox (day, consumer, event_id, event_type, case_number, outcome, decided_at)
SELECT at::date, 'inspections', uuidv7(at - clock_timestamp())::text, 'egov.inspection.v1.InspectionClosed',
    pg_temp.case_number(1 + (g - 1) / %(each)s, %(cases)s), 'taken', at
FROM (SELECT g, now() - interval '20 days' * ((%(events)s - g + 1)::float8 / %(events)s) AS at
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS g) AS each
"""
OUTCOMES = """
INSERT INTO chassis.idempotency (day, client, subject, method, key, body_hash, response, case_number)
SELECT (now() - interval '6 days' * ((%(cases)s - n)::float8 / %(cases)s))::date, 'rizhao-ssp', '',
    'egov.grid.v1.GridService/FileIncident', md5(n::text), sha256(n::text::bytea), %(response)s,
    pg_temp.case_number(n, %(cases)s)
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
MONTHS = """
SELECT to_char(month, 'YYYYMMDD'), month::date, (month + interval '1 month')::date
FROM generate_series(date_trunc('month', now() - interval '13 months'), now(), interval '1 month') AS month
WHERE to_regclass('chassis.event_log_' || to_char(month, 'YYYYMMDD')) IS NULL
"""
REAL = """
SELECT log.type, log.headers::text, log.traceparent, log.body, kept.response
FROM chassis.event_log log JOIN chassis.idempotency kept ON kept.case_number = log.case_number LIMIT 1
"""
SOME = "SELECT id FROM incident WHERE region LIKE %s ORDER BY random() LIMIT %s"
FILLED = ("incident", "chassis.event_log", "chassis.outbox", "chassis.inbox", "chassis.idempotency")


class Filling:
    """Fills the grid database of one PostgreSQL, in which one report was filed. `events` is a multiple of `cases`."""

    def __init__(self, server: Postgres, cases: int, events: int) -> None:
        self._server = server
        self._cases, self._events = cases, events
        self._facts = {"cases": cases, "events": events, "each": events // cases, **self._real()}

    def fill(self) -> None:
        """Fill, two statements at a time."""
        with self._hurried(), ThreadPoolExecutor(2) as pool:
            self._make_months()
            jobs = [
                pool.submit(self._in_chunks, (EVENTS,), self._events),
                pool.submit(self._in_chunks, (INBOX,), self._events),
                pool.submit(self._in_chunks, (INCIDENTS,), self._cases),
                pool.submit(self._in_chunks, (OUTCOMES,), self._cases),
                pool.submit(self.pass_through, self._events),
            ]
            for job in jobs:
                job.result()
            list(pool.map(self._tidy, FILLED))
        with self._connect() as connection:
            connection.execute("CHECKPOINT")

    def pass_through(self, events: int) -> None:
        """So many events through the outbox."""
        self._in_chunks((PASSED, PUBLISHED), events)

    def ids(self, region: str, most: int) -> list[str]:
        """Ids of some cases below a region, from all over the table."""
        with self._connect() as connection:
            return [str(row[0]) for row in connection.execute(SOME, (f"{region}%", most))]

    def _connect(self) -> psycopg.Connection:
        return self._server.connect(DATABASE)

    def _real(self) -> dict[str, object]:
        """What a real call left behind."""
        with self._connect() as connection:
            row = connection.execute(REAL).fetchone()
        assert row is not None, "no report was filed"
        return dict(zip(("type", "headers", "traceparent", "body", "response"), row, strict=True))

    @contextlib.contextmanager
    def _hurried(self) -> Iterator[None]:
        """The server does not wait for the disk meanwhile."""
        with self._connect() as connection:
            for name, value in HURRIED.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
            connection.execute("SELECT pg_reload_conf()")
            try:
                yield
            finally:
                connection.execute("ALTER SYSTEM RESET ALL")
                connection.execute("SELECT pg_reload_conf()")

    def _make_months(self) -> None:
        """The log's partitions of the months that are past, as `chassis.maintain_partitions` made them then."""
        with self._connect() as connection:
            for name, begin, end in connection.execute(MONTHS).fetchall():
                table = sql.Identifier("chassis", f"event_log_{name}")
                made = "CREATE TABLE {} PARTITION OF chassis.event_log FOR VALUES FROM ({}) TO ({})"
                connection.execute(sql.SQL(made).format(table, sql.Literal(begin), sql.Literal(end)))
                index = "CREATE UNIQUE INDEX ON {} (aggregate_id, aggregate_version)"
                connection.execute(sql.SQL(index).format(table))

    def _in_chunks(self, statements: Sequence[str], rows: int) -> None:
        """Run the statements for row 1 to the last, a chunk in each transaction."""
        with self._connect() as connection:
            connection.execute(CASE)
            villages = list(enumerate(_villages()))
            connection.cursor().executemany("INSERT INTO village VALUES (%s, %s)", villages)
            connection.execute("ANALYZE village")
            for first in range(1, rows + 1, CHUNK):
                place = {"first": first, "last": min(rows, first + CHUNK - 1)}
                with connection.transaction():
                    for statement in statements:
                        connection.execute(statement.encode(), self._facts | place)

    def _tidy(self, table: str) -> None:
        """What autovacuum would do in its own time."""
        with self._connect() as connection:
            connection.execute("SET maintenance_work_mem = '256MB'")
            connection.execute(f"VACUUM (ANALYZE) {table}".encode())


def _villages() -> list[str]:
    """Codes of the sample city's villages."""
    with REGIONS.open(encoding="utf-8", newline="") as lines:
        return [row["code"] for row in csv.DictReader(lines) if len(row["code"]) == VILLAGE_DIGITS]
