"""The gRPC side of collector and case trace: OTLP's services; what is not taken is refused with a sentence."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc.code_pb2 import RESOURCE_EXHAUSTED, UNAVAILABLE
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from observability.collector.intake import Intake
from observability.collector.otlp import LOGS, METRICS
from services.chassis.settings import Address
from services.chassis.tls import TlsIdentity

_UNTAKEN = {
    LOGS: "logs: they are JSON lines on each part's stderr",
    METRICS: "metrics: they are read from each part's /metrics",
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


@dataclass(frozen=True)
class Signal:
    """One of OTLP's services: its name, what it is asked, how that is read, where it goes, and what is answered.

    `read` gives the records of a request, and how many were left out; `answer` takes the latter. Without an intake
    nothing is kept, only passed on.
    """

    service: str
    request: type[Message]
    intake: Intake[Any] | None
    read: Callable[[Any], tuple[Sequence[Any], int]]
    answer: Callable[[int], Message]


class Receiver:
    """Serves OTLP on `listen`, with mutual TLS if `tls` is given. RuntimeError for a taken port.

    `pass_on` is told of every request that was taken, by service and bytes.
    """

    def __init__(
        self,
        listen: Address,
        tls: TlsIdentity | None,
        signals: Sequence[Signal],
        pass_on: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self._pass_on = pass_on
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix="collector-rpc"),
            maximum_concurrent_rpcs=_CALLS,
            options=[("grpc.max_receive_message_length", _LARGEST_REQUEST), ("grpc.so_reuseport", 0)],
        )
        self._server.add_generic_rpc_handlers(self._handlers(signals))
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

    def _handlers(self, signals: Sequence[Signal]) -> list[grpc.GenericRpcHandler]:
        taken = {signal.service: self._exporting(signal) for signal in signals}
        refused = {service: _refusal(what) for service, what in _UNTAKEN.items() if service not in taken}
        return [
            grpc.method_handlers_generic_handler(service, {"Export": grpc.unary_unary_rpc_method_handler(export)})
            for service, export in (taken | refused).items()
        ]

    def _exporting(self, signal: Signal) -> Any:
        def export(raw: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                request = signal.request.FromString(raw)
            except DecodeError:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the request is not what OTLP says")
                raise AssertionError("abort returned") from None
            records, rejected = signal.read(request)
            if signal.intake is not None:
                _keep(signal.intake, records, context)
            if self._pass_on is not None:
                self._pass_on(signal.service, raw)
            return signal.answer(rejected).SerializeToString()

        return export


def _keep(intake: Intake[Any], records: Sequence[Any], context: grpc.ServicerContext) -> None:
    batch = intake.offer(records)
    if batch is None:
        _abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "the collector's queue is full")
    batch.settled.wait(_STORED_WITHIN_S)
    if not batch.stored:
        _abort(context, grpc.StatusCode.UNAVAILABLE, "the collector could not store it")


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
