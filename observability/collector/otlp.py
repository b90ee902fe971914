"""From OTLP to stored records. Attributes that the registry does not list stay outside: they may hold personal data."""

import math
from collections.abc import Iterable, Iterator

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from observability.records import KINDS, SpanRecord, Value
from services.chassis import telemetry_registry

TRACES = "opentelemetry.proto.collector.trace.v1.TraceService"
LOGS = "opentelemetry.proto.collector.logs.v1.LogsService"
METRICS = "opentelemetry.proto.collector.metrics.v1.MetricsService"

# What Envoy says for a part that a request does not have, and for tags that it is told to keep to itself.
_NOTHING = "-"
_LONGEST_NAME = 120
_LONGEST_TEXT = 200
_MOST_ATTRIBUTES = 64
_MOST_LINKS = 64
_MOST_ITEMS = 32
# What a signed number holds: the year 2262.
_END_OF_TIME_NS = 2**63


def records(request: ExportTraceServiceRequest) -> tuple[list[SpanRecord], int]:
    """The spans of a request, and how many were left out because their ids or times cannot be."""
    kept: list[SpanRecord] = []
    rejected = 0
    for service, span in _spans(request):
        if _can_be(span):
            kept.append(_record(service, span))
        else:
            rejected += 1
    return kept, rejected


def _can_be(span: Span) -> bool:
    ids = len(span.trace_id) == 16 and len(span.span_id) == 8 and len(span.parent_span_id) in (0, 8)
    return ids and 0 < span.start_time_unix_nano <= span.end_time_unix_nano < _END_OF_TIME_NS


def _spans(request: ExportTraceServiceRequest) -> Iterator[tuple[str, Span]]:
    for resource_spans in request.resource_spans:
        service = service_of(resource_spans.resource)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield service, span


def service_of(resource: Resource) -> str:
    """The service that speaks, up to 40 characters; `unknown` where it does not say."""
    names = (pair.value.string_value for pair in resource.attributes if pair.key == "service.name")
    return next(names, "")[:40] or "unknown"


def traces_answer(rejected: int) -> ExportTraceServiceResponse:
    """The answer to a request of which so many spans were left out."""
    answer = ExportTraceServiceResponse()
    if rejected:
        answer.partial_success.rejected_spans = rejected
        answer.partial_success.error_message = "spans without valid ids or times were left out"
    return answer


def logs_answer(rejected: int) -> ExportLogsServiceResponse:
    """The answer to a request of which so many records were left out."""
    answer = ExportLogsServiceResponse()
    if rejected:
        answer.partial_success.rejected_log_records = rejected
        answer.partial_success.error_message = "only records of failed calls are taken"
    return answer


def metrics_answer(rejected: int) -> ExportMetricsServiceResponse:
    """The answer to a request of which so many points were left out."""
    answer = ExportMetricsServiceResponse()
    if rejected:
        answer.partial_success.rejected_data_points = rejected
        answer.partial_success.error_message = "only cumulative points of the telemetry registry are taken"
    return answer


def _record(service: str, span: Span) -> SpanRecord:
    return SpanRecord(
        trace=span.trace_id.hex(),
        span=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name[:_LONGEST_NAME],
        kind=KINDS[span.kind] if 0 <= span.kind < len(KINDS) else KINDS[0],
        service=service,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        attributes=dict(attributes_of(span.attributes)),
        links=tuple(_links(span)),
    )


def _links(span: Span) -> Iterator[tuple[str, str]]:
    for link in span.links[:_MOST_LINKS]:
        if len(link.trace_id) == 16 and len(link.span_id) == 8:
            yield link.trace_id.hex(), link.span_id.hex()


def attributes_of(pairs: Iterable[KeyValue]) -> Iterator[tuple[str, Value]]:
    """The attributes that may be kept, by name."""
    for pair, _ in zip(pairs, range(_MOST_ATTRIBUTES), strict=False):
        value = _value(pair.value)
        if value not in (None, _NOTHING) and _allowed(pair.key, value):
            yield pair.key, value


def _allowed(key: str, value: Value) -> bool:
    field = telemetry_registry.ATTRIBUTES.get(key)
    if field is None:
        if key not in telemetry_registry.FOREIGN_KEPT and key not in telemetry_registry.FOREIGN_KNOWN:
            telemetry_registry.refused["foreign_attribute"] += 1
        return key in telemetry_registry.FOREIGN_KEPT
    fits = field.matches is None or not isinstance(value, str) or bool(field.matches(value))
    if not fits:
        telemetry_registry.refused["foreign_attribute"] += 1
    return fits


def _value(value: AnyValue) -> Value | None:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value[:_LONGEST_TEXT]
    if kind == "int_value":
        return value.int_value
    if kind == "double_value":
        # JSON has no word for infinity.
        return value.double_value if math.isfinite(value.double_value) else None
    if kind == "bool_value":
        return value.bool_value
    if kind == "array_value":
        items = value.array_value.values[:_MOST_ITEMS]
        return [item.string_value[:_LONGEST_TEXT] for item in items if item.HasField("string_value")]
    return None
