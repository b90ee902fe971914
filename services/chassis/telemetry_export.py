"""The way of spans to the collector: buffered up to a bound, sent by a thread of its own.

When the collector is away the buffer drops the oldest spans; no call waits and none fails for it.
"""

import os
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from services.chassis.settings import LOOPBACK

_QUEUE, _BATCH, _EVERY_MS = 8192, 512, 500.0
_ATTEMPT_S = 10.0
_CLOSE_S = 3.0
_exporters: dict[int, SpanExporter] = {}
_INSTANCE = uuid.uuid4().hex[:12]


def provider(service: str, version: str, endpoint: str | None, exporter: SpanExporter | None) -> TracerProvider:
    """A tracer provider that sends to `endpoint`, or to `exporter` at once, or nowhere. Raises ValueError.

    It records every span that it is asked for: what is not sampled does not get here.
    """
    made = TracerProvider(
        sampler=ALWAYS_ON,
        resource=resource(service, version),
        shutdown_on_exit=False,
        span_limits=SpanLimits(max_span_attributes=64, max_events=0, max_links=64, max_attribute_length=1000),
    )
    if exporter is not None:
        made.add_span_processor(SimpleSpanProcessor(exporter))
    elif endpoint:
        sender = OTLPSpanExporter(**target(endpoint))
        _exporters[id(made)] = sender
        made.add_span_processor(
            BatchSpanProcessor(
                sender, max_queue_size=_QUEUE, max_export_batch_size=_BATCH, schedule_delay_millis=_EVERY_MS
            )
        )
    return made


def resource(service: str, version: str) -> Resource:
    """What this process says of itself, with its spans and its metrics."""
    return Resource({"service.name": service, "service.version": version, "service.instance.id": _INSTANCE})


def credentials(endpoint: str) -> grpc.ChannelCredentials | None:
    """What a channel to the collector shows and trusts; None for one on this machine. Raises ValueError.

    An `https://` endpoint is reached by mutual TLS, with the files of EGOV_TLS_CERT, EGOV_TLS_KEY and EGOV_TLS_TRUST.
    """
    address = urlsplit(endpoint)
    if address.scheme not in ("http", "https") or not address.hostname or not address.port:
        raise ValueError("OTEL_EXPORTER_OTLP_ENDPOINT is http://host:port or https://host:port")
    if address.scheme == "https":
        return _own_files()
    if address.hostname not in LOOPBACK:
        raise ValueError("OTEL_EXPORTER_OTLP_ENDPOINT without TLS is for this machine only; use https://")
    return None


def close(made: TracerProvider) -> None:
    """Send what is buffered; give up after three seconds, because a collector that is away must not hold a stop."""
    done = end(made.shutdown)
    sender = _exporters.pop(id(made), None)
    if sender is not None and not done:
        sender.shutdown()


def end(shutdown: Callable[[], object]) -> bool:
    """Call it on a thread of its own and wait up to three seconds; whether it was done by then."""
    closing = threading.Thread(target=shutdown, name="telemetry-close", daemon=True)
    closing.start()
    closing.join(_CLOSE_S)
    return not closing.is_alive()


def target(endpoint: str) -> dict[str, Any]:
    """What an exporter of the SDK needs to reach the endpoint. Raises ValueError."""
    shown = credentials(endpoint)
    secured = {"insecure": True} if shown is None else {"credentials": shown}
    return {"endpoint": endpoint, "timeout": _ATTEMPT_S, **secured}


def _own_files() -> grpc.ChannelCredentials:
    parts = []
    for key in ("EGOV_TLS_TRUST", "EGOV_TLS_KEY", "EGOV_TLS_CERT"):
        path = os.environ.get(key, "")
        if not path or not Path(path).is_file():
            raise ValueError(f"{key} names no file, and OTEL_EXPORTER_OTLP_ENDPOINT is https://")
        parts.append(Path(path).read_bytes())
    return grpc.ssl_channel_credentials(*parts)
