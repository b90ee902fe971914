"""Servers for what is sent by OTLP: one that takes metrics, and one that takes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

SERVICE = "opentelemetry.proto.collector.metrics.v1.MetricsService"


class Taking:
    """A collector that takes metrics; what it was sent, in order."""

    def __init__(self) -> None:
        self.sent: SimpleQueue[ExportMetricsServiceRequest] = SimpleQueue()

    def export(self, request: ExportMetricsServiceRequest, context: Any) -> ExportMetricsServiceResponse:
        self.sent.put(request)
        return ExportMetricsServiceResponse()


@contextmanager
def serving(collector: Taking | None, address: str = "127.0.0.1:0") -> Iterator[str]:
    """The address of a server that takes metrics, or of one that has no such service."""
    server = grpc.server(ThreadPoolExecutor(2))
    if collector is not None:
        method = grpc.unary_unary_rpc_method_handler(
            collector.export,
            request_deserializer=ExportMetricsServiceRequest.FromString,
            response_serializer=ExportMetricsServiceResponse.SerializeToString,
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {"Export": method})])
    port = server.add_insecure_port(address)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop(0).wait()
