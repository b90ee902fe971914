"""The gRPC server of a process: grpcio's synchronous server on OS threads, every call through the interceptors.

Requests arrive as bytes and are decoded inside the interceptors, so that bytes which are no message are refused like
any other bad input. Admission is bounded: what cannot be served soon is refused at once rather than queued.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc
from google.rpc import status_pb2
from nameko.extensions import SharedExtension

from services.chassis.audit import AuditWriter
from services.chassis.call import Call
from services.chassis.contract import ContractError, methods_of
from services.chassis.interceptors import compose
from services.chassis.interceptors.errors import render
from services.chassis.interceptors.exchange import Desk, Exchange, Step, metadata_of, peer_of
from services.chassis.verifier import verifier_for

if TYPE_CHECKING:
    from services.chassis.entrypoints import Rpc

Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"

MAX_MESSAGE_BYTES = 1024 * 1024
OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.so_reuseport", 0),
    # Connections are closed now and then, so that clients find new replicas.
    ("grpc.max_connection_age_ms", 10 * 60_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class RpcServer(SharedExtension):
    """Serves all `@rpc` methods of a service class."""

    def __init__(self) -> None:
        self._entrypoints: dict[str, Rpc] = {}

    def serve(self, entrypoint: Rpc) -> None:
        """Add a method."""
        self._entrypoints[entrypoint.declared().path] = entrypoint

    @property
    def audit(self) -> AuditWriter:
        """Writes the rows of what is refused or only read."""
        return self._audit

    def setup(self) -> None:
        """Refuse a class that leaves a method of its contract unserved: the gateway would route to nothing."""
        self._server: grpc.Server | None = None

    def start(self) -> None:
        """Listen. Raises ContractError for a method without implementation, RuntimeError when the port is taken."""
        if not self._entrypoints:
            return
        self._demand_whole_contract()
        runtime = self.container.runtime
        settings = runtime.settings
        self._audit = AuditWriter(runtime.engine, runtime.clock)
        self._audit.start()
        desk = Desk(runtime, verifier_for(runtime, self.container.service_cls), self._audit)
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="rpc")
        server = grpc.server(
            self._pool, options=OPTIONS, maximum_concurrent_rpcs=settings.threads + settings.calls_waiting
        )
        server.add_generic_rpc_handlers((_Handlers(self._handlers(desk)),))
        address = str(settings.rpc_listen)
        if server.add_secure_port(address, runtime.tls.server_credentials()) == 0:
            raise RuntimeError(f"EGOV_RPC_LISTEN {address} is taken")
        server.start()
        self._server = server

    def stop(self) -> None:
        """Take no more calls, let those in flight end, then write the audit rows that are left."""
        if self._server is None:
            return
        self._server.stop(self.container.runtime.settings.drain_seconds).wait()
        self._pool.shutdown()
        self._audit.stop()
        self._server = None

    def _demand_whole_contract(self) -> None:
        contract = self.container.service_cls.contract
        served = {entrypoint.declared().name for entrypoint in self._entrypoints.values()}
        missing = sorted(set(methods_of(contract)) - served)
        if missing:
            raise ContractError(f"{contract.full_name}: not implemented: {', '.join(missing)}")

    def _handlers(self, desk: Desk) -> dict[str, Handler]:
        return {path: _handler(entrypoint, desk) for path, entrypoint in self._entrypoints.items()}


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler | None:
        return self._handlers.get(handler_call_details.method)


def _handler(entrypoint: Rpc, desk: Desk) -> Handler:
    method = entrypoint.declared()
    step = compose(method, desk, worker_step(entrypoint))

    def answer(raw: bytes, context: grpc.ServicerContext) -> bytes:
        exchange = Exchange(
            call=Call(kind="rpc", name=method.name, method=method),
            raw=raw,
            metadata=metadata_of(context),
            peer=peer_of(context),
            time_left=context.time_remaining(),
        )
        return _answer(exchange, step, context)

    return grpc.unary_unary_rpc_method_handler(answer)


def worker_step(entrypoint: Rpc) -> Step:
    """The innermost step: the service's method itself, in a worker."""

    def run(exchange: Exchange) -> bytes:
        call = exchange.call
        entrypoint.container.run_worker(entrypoint, call, (call.request, call))
        return call.response or b""

    return run


def _answer(exchange: Exchange, step: Step, context: Any) -> bytes:
    """Run the steps, then tell the transport: case number and trace id in front, the refusal behind."""
    answer = step(exchange)
    notes = [("egov-trace-id", exchange.trace_id)]
    if exchange.call.case_number:
        notes.append(("egov-case-number", exchange.call.case_number))
    context.send_initial_metadata(notes)
    if exchange.refusal is None:
        return answer
    status = render(exchange.refusal, exchange.call.language, exchange.trace_id)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(_code(status), status.message)
    raise AssertionError("abort never returns")


def _code(status: status_pb2.Status) -> grpc.StatusCode:
    return next(code for code in grpc.StatusCode if code.value[0] == status.code)
