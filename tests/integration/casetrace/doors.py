"""The case trace's OTLP door by itself, and what came in by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import grpc
import sqlalchemy as sa
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb

from observability.casetrace.otlp.door import OtlpDoor
from observability.casetrace.store.spans import SpanStore
from observability.collector.otlp import LOGS, METRICS, TRACES
from observability.records import SpanRecord
from services.chassis.settings import Address
from services.chassis.tls import TlsIdentity

ANSWERS = {
    TRACES: trace_pb.ExportTraceServiceResponse,
    LOGS: logs_pb.ExportLogsServiceResponse,
    METRICS: metrics_pb.ExportMetricsServiceResponse,
}


@contextmanager
def door(engine: sa.Engine, queue: int = 8192, tls: TlsIdentity | None = None) -> Iterator[str]:
    """The door on a free port of this machine, with mutual TLS if it has an identity; its endpoint."""
    settings = SimpleNamespace(
        span_days=7,
        metric_days=3,
        otlp_listen=Address("127.0.0.1", 0),
        otlp_tls="on" if tls else "off",
        otlp_queue=queue,
    )
    runtime: Any = SimpleNamespace(engine=engine, tls=tls, service_settings=settings)
    opened = OtlpDoor(runtime)
    opened.start()
    try:
        yield f"{'https' if tls else 'http'}://{opened.address}"
    finally:
        opened.stop()


def spans_of(engine: sa.Engine, trace_id: str) -> list[SpanRecord]:
    """The spans of a trace that are kept."""
    with engine.connect() as connection:
        return SpanStore(connection).of_trace(trace_id)


def export(endpoint: str, message: Any, service: str = TRACES) -> Any:
    """Send a request to the door of an endpoint without TLS; its answer. grpc.RpcError for a refusal."""
    answer: Any = ANSWERS[service]
    with grpc.insecure_channel(endpoint.removeprefix("http://")) as channel:
        call: Any = channel.unary_unary(f"/{service}/Export", response_deserializer=answer.FromString)
        return call(message.SerializeToString(), timeout=20)
