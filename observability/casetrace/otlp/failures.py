"""From OTLP log records to failed calls. Other records than those that services leave for them are not taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from observability.casetrace.domain.failures import Failure
from observability.collector.otlp import attributes_of, service_of
from observability.records import Value
from services.chassis.failures import EVENT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_MS = 86_400_000


def failures(request: ExportLogsServiceRequest) -> tuple[list[Failure], int]:
    """The failed calls of a request, and how many of its records are none."""
    found: list[Failure] = []
    others = 0
    for service, record in _records(request):
        if record.event_name == EVENT and len(record.trace_id) == 16 and record.time_unix_nano > 0:
            found.append(_failure(service, record))
        else:
            others += 1
    return found, others


def _records(request: ExportLogsServiceRequest) -> Iterator[tuple[str, LogRecord]]:
    for resource_logs in request.resource_logs:
        service = service_of(resource_logs.resource)
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                yield service, record


def _failure(service: str, record: LogRecord) -> Failure:
    said = dict(attributes_of(record.attributes))
    return Failure(
        at=_EPOCH + timedelta(microseconds=record.time_unix_nano // 1000),
        trace_id=record.trace_id.hex(),
        span_id=record.span_id.hex(),
        service=service,
        method=str(said.get("rpc.method", "")),
        code=str(said.get("rpc.response.status_code", "")),
        reason=str(said.get("egov.reason", "")),
        duration_ms=_duration(said.get("egov.duration_ms")),
        case_number=_text(said.get("egov.case.number")),
        aggregate_id=_text(said.get("egov.event.aggregate")),
    )


def _duration(value: Value | None) -> float:
    """Milliseconds; 0 where no call takes so long."""
    return float(value) if isinstance(value, int | float) and 0 < value < _LONGEST_MS else 0.0


def _text(value: Value | None) -> str | None:
    return value if isinstance(value, str) else None
