"""The case trace's tables as they are after a year: filled by COPY."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context

import psycopg

from deploy.local.postgres import ADMIN, Postgres
from tests.bench.casetrace.rows import COPIES, SPAN_DAYS, YEAR, Rows, Size, villages

DATABASE = "casetrace"
CHUNK, PROCESSES = 5_000, 2
# Nothing of a half-filled database is worth keeping, and no measurement runs meanwhile.
HURRIED = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "'4GB'", "autovacuum": "off"}
MONTHS = """
SELECT to_char(month, 'YYYYMM'), month::date, (month + interval '1 month')::date
FROM generate_series(date_trunc('month', now() - interval '13 months'), now(), interval '1 month') AS month
WHERE to_regclass('case_event_' || to_char(month, 'YYYYMM')) IS NULL
"""
SOME = "SELECT case_number FROM case_file WHERE opened_at >= %s ORDER BY random() LIMIT 2000"
INCIDENTS = "SELECT DISTINCT aggregate_id FROM case_event WHERE case_number = ANY(%s) AND service = 'grid'"


@dataclass(frozen=True, slots=True)
class Filled:
    """What there is: rows by table, and how long it took; case numbers of any age and of this week, and incidents."""

    rows: dict[str, int]
    seconds: float
    numbers: Sequence[str]
    recent: Sequence[str]
    incidents: Sequence[str]

    @property
    def villages(self) -> Sequence[str]:
        """Codes of the villages that have cases."""
        return villages()


def fill(server: Postgres, size: Size, within_s: float) -> Filled:
    """Fill the case trace's database, which is empty, and tidy up; where all take too long, the newest cases only.

    How many fit is told by the first chunk, which has no spans: these are two minutes more.
    """
    begun, now = time.monotonic(), datetime.now(UTC).replace(microsecond=0)
    with _hurried(server):
        _make_months(server)
        url = server.url(ADMIN, DATABASE)
        chunks = [Chunk(url, size, now, first) for first in range(1, size.cases + 1, CHUNK)]
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            pool.submit(villages).result()
            took = pool.submit(_load, chunks.pop(0)).result()
            fitting = int(within_s * PROCESSES / took)
            for each in [pool.submit(_load, chunk) for chunk in chunks[-fitting:]]:
                each.result()
        for table in COPIES:
            with server.connect(DATABASE) as connection:
                connection.execute("SET maintenance_work_mem = '512MB'")
                connection.execute(f"VACUUM (ANALYZE) {table}".encode())
        with server.connect(DATABASE) as connection:
            connection.execute("CHECKPOINT")
    return _filled(server, now, time.monotonic() - begun)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Cases from number `first` on, which one transaction writes."""

    url: str
    size: Size
    now: datetime
    first: int


def _load(chunk: Chunk) -> float:
    """Write them; how many seconds it took."""
    begun = time.monotonic()
    rows = Rows(chunk.size, chunk.now, chunk.first, min(chunk.size.cases, chunk.first + CHUNK - 1))
    with psycopg.connect(chunk.url) as connection, connection.cursor() as cursor:
        for table, lines in rows.lines.items():
            with cursor.copy(f"COPY {table} ({COPIES[table]}) FROM STDIN".encode()) as copy:
                copy.write("".join(lines))
    return time.monotonic() - begun


@contextlib.contextmanager
def _hurried(server: Postgres) -> Iterator[None]:
    """The server does not wait for the disk meanwhile."""
    with server.connect(DATABASE) as connection:
        for name, value in HURRIED.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            for name in HURRIED:
                connection.execute(f"ALTER SYSTEM RESET {name}".encode())
            connection.execute("SELECT pg_reload_conf()")


def _make_months(server: Postgres) -> None:
    """The partitions of months that are past, as `keep_months` made them then."""
    with server.connect(DATABASE) as connection:
        for name, begin, end in connection.execute(MONTHS).fetchall():
            for parent in ("case_event", "effect"):
                made = f"CREATE TABLE {parent}_{name} PARTITION OF {parent} FOR VALUES FROM ('{begin}') TO ('{end}')"
                connection.execute(made.encode())


def _filled(server: Postgres, now: datetime, seconds: float) -> Filled:
    with server.connect(DATABASE) as connection:
        rows = {}
        for table in COPIES:
            found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            assert found is not None
            rows[table] = int(found[0])
        numbers, recent = (_column(connection, SOME, since) for since in (now - 2 * YEAR, now - SPAN_DAYS))
        return Filled(rows, seconds, numbers, recent, _column(connection, INCIDENTS, numbers))


def _column(connection: psycopg.Connection, query: str, fact: object) -> list[str]:
    return [str(row[0]) for row in connection.execute(query.encode(), (fact,))]
