"""A program of somebody else: it exports with the OpenTelemetry SDK as it comes, told by OpenTelemetry's own variables.

`python -m tests.stock <case number>` sends a trace of four spans and a record of a failed call, and prints what it sent
as OTLP has it, in base64. It imports nothing of the backbone, so that it may be run anywhere.
"""

from __future__ import annotations

import base64
import sys
import time

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

ELSEWHERE = SpanContext(0xFEED, 0xBEEF, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
REASON = "HALL_CLOSED"


def main(case_number: str) -> None:
    """Work, and tell of it."""
    provider, kept = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    logs = LoggerProvider()
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    work(provider.get_tracer("queue-machine", "3.2"), logs, case_number)
    provider.shutdown()
    logs.shutdown()
    print(base64.b64encode(encode_spans(kept.get_finished_spans()).SerializeToString()).decode())


def work(tracer: trace.Tracer, logs: LoggerProvider, case_number: str) -> None:
    """A call, what it asks of others, an event that it sends, and one that fails."""
    case = {"egov.case.number": case_number}
    with tracer.start_as_current_span("POST /tickets", kind=SpanKind.SERVER, attributes=case, links=[Link(ELSEWHERE)]):
        with tracer.start_as_current_span(
            "ask 大厅", kind=SpanKind.CLIENT, attributes=case | {"http.response.status_code": 200, "egov.wait_ms": 0.1}
        ) as asking:
            asking.set_status(StatusCode.OK)
            asking.add_event("asked", {"citizen.name": "nobody's business"})
        with tracer.start_as_current_span(
            "tell", kind=SpanKind.PRODUCER, attributes={"error": True, "egov.attempt": 2**53 + 1}
        ):
            pass
        with tracer.start_as_current_span("print", attributes=case | {"citizen.name": "nobody's business"}) as printing:
            printing.set_status(Status(StatusCode.ERROR, "no paper for nobody"))
            logs.get_logger("queue-machine").emit(
                timestamp=time.time_ns(),
                severity_number=SeverityNumber.WARN,
                event_name="egov.call.failed",
                attributes=case
                | {"rpc.method": "hall.v1.HallService/Print", "egov.reason": REASON, "egov.duration_ms": 3.5},
            )


if __name__ == "__main__":
    main(sys.argv[1])
