"""The door itself: a gRPC server on a port of its own, with a bounded queue and one writer for each signal.

A sender is answered when what it sent is in the database. A full queue is RESOURCE_EXHAUSTED and a database that fails
UNAVAILABLE, both with RetryInfo: what cannot be taken stays with its sender, up to the sender's own bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

import sqlalchemy as sa
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb

from observability.casetrace.domain.failures import Failure
from observability.casetrace.domain.reports import Report
from observability.casetrace.otlp.failures import failures
from observability.casetrace.otlp.metrics import reports
from observability.casetrace.store.metrics import MetricStore
from observability.casetrace.store.spans import FailureStore, SpanStore, fits, moment_of
from observability.collector import otlp
from observability.collector.intake import Intake
from observability.collector.receiver import Receiver, Signal
from observability.records import SpanRecord
from services.chassis.runtime import Runtime
from services.chassis.settings import Address

STOP_WITHIN_S = 5.0

Record = TypeVar("Record")


class Table(Generic[Record]):
    """A store for an intake: each block of records is one transaction."""

    def __init__(self, engine: sa.Engine, add: Callable[[sa.Connection, Sequence[Record]], None]) -> None:
        self._engine = engine
        self._add = add

    def append(self, records: Sequence[Record]) -> None:
        """Keep the records, all or none. Raises SQLAlchemyError and psycopg's errors."""
        with self._engine.begin() as connection:
            self._add(connection, records)

    def close(self) -> None:
        """The engine is the process's."""


class OtlpDoor:
    """Serves OTLP's trace, logs and metrics services from start to stop."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.service_settings
        self._days: int = settings.span_days
        self._metric_days: int = settings.metric_days
        spans: Table[SpanRecord] = Table(runtime.engine, lambda each, records: SpanStore(each).add(records))
        failed: Table[Failure] = Table(runtime.engine, lambda each, records: FailureStore(each).add(records))
        told: Table[Report] = Table(runtime.engine, lambda each, records: MetricStore(each).add(records))
        self._intakes = tuple(Intake(table, settings.otlp_queue) for table in (spans, failed, told))
        tls = runtime.tls if settings.otlp_tls == "on" else None
        traces = Signal(
            otlp.TRACES, trace_pb.ExportTraceServiceRequest, self._intakes[0], self._spans, otlp.traces_answer
        )
        logs = Signal(otlp.LOGS, logs_pb.ExportLogsServiceRequest, self._intakes[1], self._failures, otlp.logs_answer)
        metrics = Signal(
            otlp.METRICS, metrics_pb.ExportMetricsServiceRequest, self._intakes[2], self._reports, otlp.metrics_answer
        )
        self._receiver = Receiver(settings.otlp_listen, tls, [traces, logs, metrics])

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self._receiver.address

    def start(self) -> None:
        """Take requests."""
        self._receiver.start()

    def stop(self) -> None:
        """Take no more, and write what waits."""
        self._receiver.stop(STOP_WITHIN_S)
        for intake in self._intakes:
            intake.close()

    def _spans(self, request: trace_pb.ExportTraceServiceRequest) -> tuple[list[SpanRecord], int]:
        """The spans of a request that have a day to lie in, and how many have none or are no spans."""
        spans, rejected = otlp.records(request)
        now = datetime.now(UTC)
        kept = [span for span in spans if fits(moment_of(span), now, self._days)]
        return kept, rejected + len(spans) - len(kept)

    def _failures(self, request: logs_pb.ExportLogsServiceRequest) -> tuple[list[Failure], int]:
        """The failed calls of a request that have a day to lie in, and how many records are others."""
        failed, rejected = failures(request)
        now = datetime.now(UTC)
        kept = [failure for failure in failed if fits(failure.at, now, self._days)]
        return kept, rejected + len(failed) - len(kept)

    def _reports(self, request: metrics_pb.ExportMetricsServiceRequest) -> tuple[list[Report], int]:
        """What processes tell that has a day to lie in, and how many points are others; a late report counts as one."""
        told, rejected = reports(request)
        now = datetime.now(UTC)
        kept = [report for report in told if fits(report.at, now, self._metric_days)]
        return kept, rejected + len(told) - len(kept)


def otlp_door(runtime: Runtime) -> OtlpDoor | None:
    """The door, where CASETRACE_OTLP_LISTEN says where; None elsewhere."""
    return OtlpDoor(runtime) if runtime.service_settings.otlp_listen is not None else None
