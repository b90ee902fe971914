"""What stands behind the gateway in these tests: a scripted gRPC service, identity's HTTP door, a span receiver."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from .pki import Identity

Answer = Callable[[bytes, grpc.ServicerContext], Message]


@dataclass(frozen=True)
class Received:
    """One call as the service saw it."""

    method: str
    body: bytes
    metadata: dict[str, str | bytes]


class Service(grpc.GenericRpcHandler):
    """A gRPC server that takes every method and answers as the test says."""

    def __init__(self, identity: Identity, trust: Path, port: int = 0) -> None:
        self.calls: list[Received] = []
        self.answers: dict[str, Answer] = {}
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((self,))
        pair = (identity.key.read_bytes(), identity.cert.read_bytes())
        credentials = grpc.ssl_server_credentials([pair], trust.read_bytes(), require_client_auth=True)
        self.port = self._server.add_secure_port(f"127.0.0.1:{port}", credentials)
        self._server.start()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Every method is one."""
        method = details.method.removeprefix("/")
        if method not in self.answers:
            return None
        metadata = {str(name): value for name, value in details.invocation_metadata}

        def handle(body: bytes, context: grpc.ServicerContext) -> bytes:
            self.calls.append(Received(method, body, metadata))
            return self.answers[method](body, context).SerializeToString()

        return grpc.unary_unary_rpc_method_handler(handle)

    def stop(self) -> None:
        """Stops at once; calls under way are cut."""
        self._server.stop(None).wait(5)


def refuse(code: grpc.StatusCode, reason: str, *more: Message, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An answer with rich status as the services of the backbone give."""

    def answer(_: bytes, context: grpc.ServicerContext) -> Message:
        status = status_pb2.Status(code=code.value[0], message=f"{reason} in words")
        for detail in (error_details_pb2.ErrorInfo(reason=reason, domain="egov"), *more):
            packed = any_pb2.Any()
            packed.Pack(detail)
            status.details.append(packed)
        if headers:
            context.send_initial_metadata(headers)
        context.abort_with_status(rpc_status.to_status(status))
        raise AssertionError("unreachable")

    return answer


def retry_in(seconds: float) -> Message:
    """RetryInfo."""
    delay = duration_pb2.Duration(seconds=int(seconds), nanos=int((seconds % 1) * 1_000_000_000))
    told: Message = error_details_pb2.RetryInfo(retry_delay=delay)
    return told


def plain_refusal(code: grpc.StatusCode, message: str) -> Answer:
    """An answer without details, as grpc's core gives by itself."""

    def answer(_: bytes, context: grpc.ServicerContext) -> Message:
        context.abort(code, message)
        raise AssertionError(code_pb2.Code.Name(code.value[0]))

    return answer


class IdentityDoor:
    """Identity's HTTP door with mutual TLS: key set and token endpoint."""

    def __init__(self, identity: Identity, trust: Path, keys: dict[str, Any], port: int = 0) -> None:
        door = self
        self.keys = keys
        self.fetches = 0
        self.connections: list[socket.socket] = []
        self.token_headers: list[dict[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                door.connections.append(self.connection)

            def do_GET(self) -> None:
                door.fetches += 1
                self._send(door.keys)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                door.token_headers.append({name.lower(): value for name, value in self.headers.items()})
                self._send({"access_token": "t"})

            def _send(self, value: Any) -> None:
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(trust))
        context.load_cert_chain(identity.cert, identity.key)
        context.verify_mode = ssl.CERT_REQUIRED
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stops taking connections and cuts those that there are."""
        self._server.shutdown()
        self._server.server_close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Spans(grpc.GenericRpcHandler):
    """Receives OTLP spans."""

    def __init__(self) -> None:
        self.spans: list[trace_pb2.Span] = []
        self._server = grpc.server(ThreadPoolExecutor(2))
        self._server.add_generic_rpc_handlers((self,))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """Takes every export."""

        def export(body: bytes, _: grpc.ServicerContext) -> bytes:
            asked = trace_service_pb2.ExportTraceServiceRequest.FromString(body)
            for resource in asked.resource_spans:
                for scope in resource.scope_spans:
                    self.spans.extend(scope.spans)
            return trace_service_pb2.ExportTraceServiceResponse().SerializeToString()

        return grpc.unary_unary_rpc_method_handler(export)

    def stop(self) -> None:
        """Stops at once."""
        self._server.stop(None).wait(5)
