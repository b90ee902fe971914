"""Records of calls that failed or were slow, on their way to the case trace: complete, whatever spans are sampled.

The log line beside it stays on the machine; this leaves it, as an OTLP log record of the same trace. Buffered up to a
bound and sent by a thread of its own: what finds no room is dropped, and no call waits or fails for it. What may be
said is what spans may say.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from opentelemetry import trace as otel
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, SimpleLogRecordProcessor

from services.chassis import telemetry, telemetry_export, telemetry_registry

EVENT = "egov.call.failed"
QUEUE, BATCH, EVERY_MS = 2048, 256, 500.0

_provider: LoggerProvider | None = None
_sender: OTLPLogExporter | None = None


def setup(service: str, version: str, endpoint: str | None, *, exporter: LogRecordExporter | None = None) -> None:
    """Send records from now on, replacing an earlier setup; None sends nothing. `exporter` is for tests.

    Raises ValueError for an address that cannot be.
    """
    global _provider, _sender
    shutdown()
    made = LoggerProvider(resource=telemetry_export.resource(service, version), shutdown_on_exit=False)
    if exporter is not None:
        made.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    elif endpoint:
        _sender = OTLPLogExporter(**telemetry_export.target(endpoint))
        made.add_log_record_processor(
            BatchLogRecordProcessor(
                _sender, schedule_delay_millis=EVERY_MS, max_export_batch_size=BATCH, max_queue_size=QUEUE
            )
        )
    else:
        return
    _provider = made


def shutdown() -> None:
    """Send what is buffered, within about three seconds, and nothing further."""
    global _provider, _sender
    provider, sender, _provider, _sender = _provider, _sender, None, None
    if provider is not None and not telemetry_export.end(provider.shutdown) and sender is not None:
        # A receiver that is away is tried for longer than that.
        sender.shutdown()


def tell(said: Mapping[str, object]) -> None:
    """Send a record with these attributes of the registry and the trace of the innermost span. None is left out."""
    if _provider is None:
        return
    checked = {
        name: telemetry_registry.attribute(name, value) for name, value in said.items() if value is not None
    }  # fmt: skip
    record = LogRecord(
        timestamp=time.time_ns(),
        context=otel.set_span_in_context(otel.NonRecordingSpan(telemetry.current_context())),
        severity_number=SeverityNumber.WARN,
        event_name=EVENT,
        attributes={name: value for name, value in checked.items() if value is not None},
    )
    _provider.get_logger("egov.chassis").emit(record)
