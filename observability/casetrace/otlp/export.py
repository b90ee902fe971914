"""Spans as OTLP JSON, as other tools read it: ids in hexadecimal, enums as numbers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

from observability.records import KINDS, SpanRecord, Value

INT64 = 2**63
HEXADECIMAL = ("traceId", "spanId", "parentSpanId")


def otlp_json(spans: Sequence[SpanRecord]) -> str:
    """The spans as one OTLP `TracesData` document."""
    document = MessageToDict(traces_data(spans), use_integers_for_enums=True)
    for resource_spans in document.get("resourceSpans", ()):
        for scope_spans in resource_spans["scopeSpans"]:
            _in_hexadecimal(scope_spans["spans"])
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def traces_data(spans: Iterable[SpanRecord]) -> TracesData:
    """The spans as OTLP has them, by service."""
    by_service: dict[str, list[Span]] = {}
    for span in spans:
        by_service.setdefault(span.service, []).append(_span(span))
    data = TracesData()
    for service, own in by_service.items():
        resource_spans = ResourceSpans(scope_spans=[ScopeSpans(spans=own)])
        resource_spans.resource.attributes.append(_pair("service.name", service))
        data.resource_spans.append(resource_spans)
    return data


def _span(span: SpanRecord) -> Span:
    return Span(
        trace_id=bytes.fromhex(span.trace),
        span_id=bytes.fromhex(span.span),
        parent_span_id=bytes.fromhex(span.parent),
        name=span.name,
        kind=KINDS.index(span.kind),  # type: ignore[arg-type]
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        attributes=[_pair(name, value) for name, value in span.attributes.items()],
        links=[Span.Link(trace_id=bytes.fromhex(trace), span_id=bytes.fromhex(id)) for trace, id in span.links],
        status=Status(code=Status.STATUS_CODE_ERROR if span.failed else Status.STATUS_CODE_UNSET),
    )


def _pair(name: str, value: Value) -> KeyValue:
    return KeyValue(key=name, value=_value(value))


def _value(value: Value) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int) and -INT64 <= value < INT64:
        return AnyValue(int_value=value)
    if isinstance(value, int | float):
        # The database gives a large one back without its fraction.
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    return AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=each) for each in value]))


def _in_hexadecimal(documents: Iterable[dict[str, Any]]) -> None:
    """Protobuf's JSON writes bytes in base64; OTLP's writes ids in hexadecimal."""
    for document in documents:
        for each in (document, *document.get("links", ())):
            for name in HEXADECIMAL:
                if name in each:
                    each[name] = base64.b64decode(each[name]).hex()
