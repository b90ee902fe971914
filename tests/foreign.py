"""Programs of others: one that exports with the stock SDK, in a process of its own, and how they read OTLP's JSON."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from tests import stock

RESOURCE = {
    "OTEL_SERVICE_NAME": "hall-queue 大厅",
    "OTEL_RESOURCE_ATTRIBUTES": "host.name=hall-7,deployment.environment.name=test",
}
IDS = ("traceId", "spanId", "parentSpanId")


def run(endpoint: str, case_number: str, more: Mapping[str, str] | None = None) -> dict[bytes, Span]:
    """Run it; the spans that it sent, by id. `more`: variables of OpenTelemetry. CalledProcessError when it fails."""
    settings = (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT": "5"} | RESOURCE | dict(more or {})
    )
    command = [sys.executable, "-P", stock.__file__, case_number]
    ran = subprocess.run(
        command, env=dict(os.environ) | settings, capture_output=True, text=True, timeout=60, check=True
    )
    return by_id(TracesData.FromString(base64.b64decode(ran.stdout)))


def trace_id(spans: Iterable[Span]) -> str:
    """The id of the one trace that they are."""
    (id,) = {span.trace_id.hex() for span in spans}
    return id


def by_id(data: TracesData) -> dict[bytes, Span]:
    """The spans by id. AssertionError when one is there twice."""
    spans = [span for resource in data.resource_spans for scope in resource.scope_spans for span in scope.spans]
    assert len(spans) == len({span.span_id for span in spans})
    return {span.span_id: span for span in spans}


def read(document: str) -> TracesData:
    """A document as opentelemetry-proto has it: protobuf's own reader wants ids in base64, OTLP writes them in hex.

    ParseError or ValueError for anything that OTLP's JSON is not.
    """
    return ParseDict(_in_base64(json.loads(document)), TracesData())


def _in_base64(part: Any) -> Any:
    if isinstance(part, list):
        return [_in_base64(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: base64.b64encode(bytes.fromhex(value)).decode() if name in IDS else _in_base64(value)
        for name, value in part.items()
    }
