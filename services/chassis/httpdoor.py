"""The HTTP door: plain HTTP for what is not gRPC by its standard, such as OAuth 2.0. The gateway is its only visitor.

cheroot serves with threads of its own and demands a client certificate of the backbone; werkzeug routes.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIEnvironment

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter
from google.protobuf.json_format import MessageToDict
from nameko.extensions import SharedExtension
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from services.chassis import logs, metrics, telemetry
from services.chassis.call import Call
from services.chassis.database import as_refusal
from services.chassis.interceptors.caller import language_of
from services.chassis.interceptors.errors import render
from services.kernel.errors import Kind, Refusal, internal

if TYPE_CHECKING:
    from services.chassis.entrypoints import Http

log = logging.getLogger(__name__)

THREADS = 4
LARGEST_BODY = 64 * 1024
STATUS = {
    Kind.INVALID: 400, Kind.FAILED_STATE: 400, Kind.CONFLICT: 409, Kind.NOT_FOUND: 404, Kind.EXISTS: 409,
    Kind.DENIED: 403, Kind.UNAUTHENTICATED: 401, Kind.EXHAUSTED: 429, Kind.UNAVAILABLE: 503, Kind.TIMED_OUT: 504,
    Kind.UNIMPLEMENTED: 501, Kind.INTERNAL: 500,
}  # fmt: skip


class BackboneRequest(Request):
    """A request whose body is bounded."""

    max_content_length = LARGEST_BODY
    max_form_memory_size = LARGEST_BODY
    max_form_parts = 50


class HttpDoor(SharedExtension):
    """Serves all `@http` methods of a service class."""

    def __init__(self) -> None:
        self._routes: list[Http] = []
        self._server: wsgi.Server | None = None

    def serve(self, entrypoint: Http) -> None:
        """Add a route."""
        self._routes.append(entrypoint)

    def start(self) -> None:
        """Listen. Raises RuntimeError when EGOV_HTTP_LISTEN is needed and missing, OSError for a taken port."""
        if not self._routes:
            return
        runtime = self.container.runtime
        listen = runtime.settings.http_listen
        if listen is None:
            raise RuntimeError("EGOV_HTTP_LISTEN is missing, and this service has an HTTP door")
        self._map = Map([Rule(route.path, endpoint=route, methods=[route.verb]) for route in self._routes])
        server = wsgi.Server((listen.host, listen.port), self._answer, numthreads=THREADS, max=THREADS, timeout=60)
        server.ssl_adapter = BuiltinSSLAdapter(str(runtime.tls.cert), str(runtime.tls.key))
        server.ssl_adapter.context = runtime.tls.http_server_context()
        server.max_request_body_size = LARGEST_BODY
        server.prepare()
        self._server = server
        self._thread = threading.Thread(target=server.serve, name="http-door", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let answers in flight end."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            self._thread.join(self.container.runtime.settings.drain_seconds)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = BackboneRequest(environ)
        try:
            route, arguments = self._map.bind_to_environ(environ).match()
        except HTTPException as error:
            return error.get_response(environ)(environ, start_response)
        return self._run(route, request, arguments)(environ, start_response)

    def _run(self, route: Http, request: Request, arguments: Any) -> Response:
        started = time.perf_counter()
        language = language_of(request.headers.get("accept-language", ""))
        call = Call(kind="http", name=route.path, language=language)
        attributes = {"http.request.method": route.verb, "http.route": route.path}
        parent = request.headers.get("traceparent")
        with telemetry.span(f"{route.verb} {route.path}", kind="server", parent=parent, attributes=attributes) as span:
            try:
                response: Response = self.container.run_worker(route, call, (request, *arguments.values()))
            except HTTPException as error:
                response = Response(status=error.code or 400)
            except Refusal as refusal:
                response = _refused(refusal, language, span.trace_id)
            except Exception as error:
                reason = telemetry.failure(error)
                logs.event(log, logging.ERROR, "unforeseen error", exc_info=True, method=route.path, reason=reason)
                response = _refused(as_refusal(error) or internal(), language, span.trace_id)
            span.set("http.response.status_code", response.status_code)
            seconds = time.perf_counter() - started
            metrics.call(f"{route.verb} {route.path}", str(response.status_code), seconds)
            if response.status_code >= 500:
                span.fail(str(response.status_code))
                duration = round(seconds * 1000, 1)
                logs.event(
                    log,
                    logging.WARNING,
                    "call failed",
                    method=route.path,
                    status=response.status_code,
                    duration_ms=duration,
                )
            response.headers["egov-trace-id"] = span.trace_id
            return response


def _refused(refusal: Refusal, language: str, trace_id: str) -> Response:
    """The refusal as JSON google.rpc.Status, as the gateway shows it for gRPC."""
    body = json.dumps(MessageToDict(render(refusal, language, trace_id)), ensure_ascii=False)
    response = Response(body, STATUS[refusal.kind], content_type="application/json; charset=utf-8")
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, round(refusal.retry_after_s)))
    return response
