"""Spans and failed calls: kept for days, written by COPY. What was sent twice lies there twice, and is read once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from observability.casetrace.domain.failures import Failure
from observability.records import SpanRecord

MOST_SPANS = 2000
# Clocks of senders may be ahead.
AHEAD = timedelta(days=1)
_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

COPY_SPANS = (
    "COPY span (start_at, trace_id, span_id, parent_id, name, kind, service, start_ns, end_ns, failed, attributes,"
    " links, case_number) FROM STDIN"
)
COPY_FAILURES = (
    "COPY failure (at, trace_id, span_id, service, method, code, reason, duration_ms, case_number, aggregate_id)"
    " FROM STDIN"
)
OF_TRACE = sa.text(
    "SELECT DISTINCT ON (span_id) trace_id AS trace, span_id AS span, parent_id AS parent, name, kind, service,"
    " start_ns, end_ns, failed, attributes, links FROM span WHERE trace_id = :trace ORDER BY span_id LIMIT :most"
)
# Trace by trace: each is a look into an index, whatever PostgreSQL thinks how many spans there are.
TRACES = sa.text(
    "SELECT named.trace_id, count(DISTINCT own.span_id) AS spans, min(own.start_at) AS started_at FROM ("
    " SELECT trace_id FROM span WHERE case_number = :number UNION SELECT unnest(CAST(:traces AS text[]))) AS named"
    " CROSS JOIN LATERAL (SELECT span_id, start_at FROM span WHERE trace_id = named.trace_id OFFSET 0) AS own"
    " GROUP BY named.trace_id"
)
OF_CASE = sa.text(
    "SELECT DISTINCT ON (at, span_id, method) at, trace_id, span_id, service, method, code,"
    " coalesce(reason, '') AS reason, duration_ms, case_number, aggregate_id FROM failure"
    " WHERE case_number = :number OR aggregate_id = ANY(:aggregates) ORDER BY at, span_id, method"
)


def fits(at: datetime, now: datetime, days: int) -> bool:
    """What began then has a day to lie in: it is neither past its keeping nor from the future."""
    return now - timedelta(days=days) <= at <= now + AHEAD


def moment_of(span: SpanRecord) -> datetime:
    """When a span began, to the microsecond."""
    return _EPOCH + timedelta(seconds=span.start_ns // _NS, microseconds=span.start_ns % _NS // 1000)


class SpanStore:
    """Spans over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, spans: Sequence[SpanRecord]) -> None:
        """Keep spans, all or none."""
        _copy(self._connection, COPY_SPANS, (_span_row(span) for span in spans))

    def of_trace(self, trace_id: str) -> list[SpanRecord]:
        """The spans of a trace, up to 2,000, each once."""
        rows = self._connection.execute(OF_TRACE, {"trace": trace_id, "most": MOST_SPANS})
        return [_span(row) for row in rows]

    def traces(self, number: str, known: Sequence[str]) -> dict[str, tuple[int, datetime]]:
        """How many spans are kept of the case's traces and of those that are `known`, and when the first began."""
        rows = self._connection.execute(TRACES, {"number": number, "traces": list(known)})
        return {row.trace_id: (row.spans, row.started_at) for row in rows}


class FailureStore:
    """Failed calls over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, failures: Sequence[Failure]) -> None:
        """Keep failed calls, all or none."""
        _copy(self._connection, COPY_FAILURES, (_failure_row(failure) for failure in failures))

    def of_case(self, number: str, aggregates: Sequence[str] = ()) -> list[Failure]:
        """The failed calls that served a case or were about one of its aggregates, in order, each once."""
        rows = self._connection.execute(OF_CASE, {"number": number, "aggregates": list(aggregates)})
        return [Failure(**row._mapping) for row in rows]


def _copy(connection: sa.Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _span_row(span: SpanRecord) -> Sequence[Any]:
    return (
        moment_of(span), span.trace, span.span, span.parent, storable(span.name), span.kind,
        storable(span.service), span.start_ns, span.end_ns, span.failed, as_json(span.attributes), as_json(span.links),
        span.case_number,
    )  # fmt: skip


def _failure_row(failure: Failure) -> Sequence[Any]:
    return (
        failure.at, failure.trace_id, failure.span_id, storable(failure.service), failure.method, failure.code,
        failure.reason or None, failure.duration_ms, failure.case_number, failure.aggregate_id,
    )  # fmt: skip


def _span(row: Any) -> SpanRecord:
    values = dict(row._mapping)
    return SpanRecord(**values | {"links": tuple((trace, span) for trace, span in values["links"])})


def storable(text: str) -> str:
    """Text that the database takes: NUL shows as U+FFFD."""
    return text.replace("\0", "\ufffd")


def as_json(value: Any) -> str:
    """A value as JSON that the database takes."""
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", "\ufffd")
