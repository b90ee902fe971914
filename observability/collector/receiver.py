"""The gRPC side of the collector: OTLP's trace service; logs and metrics are refused with a sentence."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import RESOURCE_EXHAUSTED, UNAVAILABLE
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from observability.collector import otlp
from observability.collector.intake import Intake
from services.chassis.settings import Address
from services.chassis.tls import TlsIdentity

_TRACES = "opentelemetry.proto.collector.trace.v1.TraceService"
_UNTAKEN = {
    "opentelemetry.proto.collector.logs.v1.LogsService": "logs: they are JSON lines on each part's stderr",
    "opentelemetry.proto.collector.metrics.v1.MetricsService": "metrics: they are read from each part's /metrics",
}
# Handlers wait for the writer, so there are more of them than cores.
_THREADS, _CALLS = 16, 32
_LARGEST_REQUEST = 8 * 1024 * 1024
_STORED_WITHIN_S = 5.0
_RETRY_AFTER_S = 1

_CODES = {
    grpc.StatusCode.RESOURCE_EXHAUSTED: RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNAVAILABLE: UNAVAILABLE,
}


class Receiver:
    """Serves OTLP on `listen` into `intake`, with mutual TLS if `tls` is given. RuntimeError for a taken port."""

    def __init__(self, listen: Address, tls: TlsIdentity | None, intake: Intake) -> None:
        self._intake = intake
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix="collector-rpc"),
            maximum_concurrent_rpcs=_CALLS,
            options=[("grpc.max_receive_message_length", _LARGEST_REQUEST), ("grpc.so_reuseport", 0)],
        )
        self._server.add_generic_rpc_handlers(self._handlers())
        if tls is None:
            port = self._server.add_insecure_port(str(listen))
        else:
            port = self._server.add_secure_port(str(listen), tls.server_credentials())
        self.address = Address(listen.host, port)

    def start(self) -> None:
        """Take requests."""
        self._server.start()

    def stop(self, within_s: float) -> None:
        """Take no more requests; those in flight have `within_s` seconds."""
        self._server.stop(within_s).wait()

    def _handlers(self) -> list[grpc.GenericRpcHandler]:
        export = grpc.unary_unary_rpc_method_handler(
            self._export,
            request_deserializer=ExportTraceServiceRequest.FromString,
            response_serializer=ExportTraceServiceResponse.SerializeToString,
        )
        handlers = [grpc.method_handlers_generic_handler(_TRACES, {"Export": export})]
        for service, sentence in _UNTAKEN.items():
            refuse: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(_refusal(sentence))
            handlers.append(grpc.method_handlers_generic_handler(service, {"Export": refuse}))
        return handlers

    def _export(self, request: ExportTraceServiceRequest, context: grpc.ServicerContext) -> ExportTraceServiceResponse:
        spans, rejected = otlp.records(request)
        batch = self._intake.offer(spans)
        if batch is None:
            _abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "the collector's queue is full")
        batch.settled.wait(_STORED_WITHIN_S)
        if not batch.stored:
            _abort(context, grpc.StatusCode.UNAVAILABLE, "the collector could not store the spans")
        if not rejected:
            return ExportTraceServiceResponse()
        sentence = "spans without valid ids or times were left out"
        return ExportTraceServiceResponse(
            partial_success=ExportTracePartialSuccess(rejected_spans=rejected, error_message=sentence)
        )


def _refusal(sentence: str) -> Any:
    def refuse(request: bytes, context: grpc.ServicerContext) -> NoReturn:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"this collector takes no {sentence}")
        raise AssertionError("abort returned")

    return refuse


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, sentence: str) -> NoReturn:
    """End the call so that a sender comes again in a second.

    RetryInfo travels twice: in the status, as OTLP says, and under the key that the Python sender reads.
    """
    retry = RetryInfo(retry_delay=Duration(seconds=_RETRY_AFTER_S))
    detail = AnyMessage()
    detail.Pack(retry)
    status = Status(code=_CODES[code], message=sentence, details=[detail])
    context.set_trailing_metadata(
        (
            ("grpc-status-details-bin", status.SerializeToString()),
            ("google.rpc.retryinfo-bin", retry.SerializeToString()),
        )
    )
    context.abort(code, sentence)
    raise AssertionError("abort returned")
