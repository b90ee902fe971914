"""`python -m observability.collector`: take spans until SIGTERM or Ctrl-C, then write what waits and end."""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from observability.collector import otlp
from observability.collector.forwarding import Forwarder
from observability.collector.intake import Intake
from observability.collector.receiver import Receiver, Signal
from observability.collector.settings import CollectorSettings, from_environment
from observability.files import FolderInUse, RotatedFiles, files
from observability.records import SpanRecord
from services.chassis import logs
from services.chassis.admin import AdminServer
from services.chassis.settings import ConfigurationError

_logger = logging.getLogger("observability.collector")
_STOP_WITHIN_S = 5.0


def main() -> int:
    """Run the collector. 0 after a stop, 2 for settings that cannot be, 1 for a taken port or folder."""
    try:
        settings = from_environment(os.environ)
        logs.setup("collector", settings.log_level)
        _run(settings, _stop_signal())
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (FolderInUse, OSError, RuntimeError) as error:
        sys.stderr.write(f"collector: {error}\n")
        return 1
    return 0


def _run(settings: CollectorSettings, stop: threading.Event) -> None:
    store = RotatedFiles(settings.folder, settings.file_mb * 1024 * 1024, settings.most_files)
    intake = Intake(store, settings.queue_spans)
    forwarder = Forwarder(settings.forward) if settings.forward else None
    try:
        receiver = Receiver(settings.listen, settings.tls, _signals(intake, forwarder), forwarder)
        admin = _admin(settings, intake, stop)
        admin.start()
        logs.event(_logger, logging.INFO, "serves admin", address=admin.address)
        receiver.start()
        logs.event(_logger, logging.INFO, "takes spans", address=str(receiver.address))
        stop.wait()
        receiver.stop(_STOP_WITHIN_S)
        admin.stop()
    finally:
        intake.close()
        if forwarder is not None:
            forwarder.close()
    logs.event(_logger, logging.INFO, "stopped")


def _signals(intake: Intake[SpanRecord], forwarder: Forwarder | None) -> list[Signal]:
    """Spans are kept. Records of failed calls and metrics are taken where there is somebody to pass them on to."""
    traces = Signal(otlp.TRACES, ExportTraceServiceRequest, intake, otlp.records, otlp.traces_answer)
    logs = Signal(otlp.LOGS, ExportLogsServiceRequest, None, _keep_none, otlp.logs_answer)
    metrics = Signal(otlp.METRICS, ExportMetricsServiceRequest, None, _keep_none, otlp.metrics_answer)
    return [traces, logs, metrics] if forwarder is not None else [traces]


def _keep_none(request: Message) -> tuple[Sequence[Any], int]:
    return (), 0


def _admin(settings: CollectorSettings, intake: Intake[SpanRecord], stop: threading.Event) -> AdminServer:
    def readiness() -> tuple[bool, dict[str, object]]:
        return intake.alive and intake.writing and not stop.is_set(), {"waiting_spans": intake.depth}

    def status() -> str:
        stored = files(settings.folder)
        size = sum(path.stat().st_size for path in stored if path.exists())
        return json.dumps({"waiting_spans": intake.depth, "files": len(stored), "bytes": size})

    return AdminServer(str(settings.admin_listen), lambda: intake.alive, readiness, status)


def _stop_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    sys.exit(main())
