"""The admin port: `/livez`, `/readyz`, `/metrics`, `/status`, over plain HTTP with threads of its own.

Business threads never block it, and it never waits for them: readiness and status are asked on threads of their own
and get a second; a question still unanswered is not asked twice. Reads only, meant for a network that operators reach.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Generic, TypeVar
from wsgiref.types import StartResponse, WSGIEnvironment

from cheroot import wsgi

from services.chassis import logs, metrics, telemetry

Liveness = Callable[[], bool]
Readiness = Callable[[], tuple[bool, dict[str, Any]]]
Page = tuple[str, str, bytes]
T = TypeVar("T")

_logger = logging.getLogger(__name__)
_ANSWER_WITHIN_S = 1.0
_THREADS = 3
_JSON = "application/json; charset=utf-8"


class AdminServer:
    """Serves the admin port of one process.

    `listen` is `host:port`; port 0 takes a free one, see `address`. `liveness` says whether the process can go on and
    must not touch anything remote. `readiness` answers `(ready, details)`; the details are shown as JSON. `status`
    answers a JSON text. Exceptions and answers later than `answer_within_s` seconds are a 503 that says so.
    """

    def __init__(
        self,
        listen: str,
        liveness: Liveness,
        readiness: Readiness,
        status: Callable[[], str],
        *,
        answer_within_s: float = _ANSWER_WITHIN_S,
    ) -> None:
        host, _, port = listen.rpartition(":")
        self._liveness = liveness
        self._readiness = _Question("readiness", readiness, answer_within_s)
        self._status = _Question("status", status, answer_within_s)
        self._server = wsgi.Server(
            (host.strip("[]"), int(port)),
            self._answer,
            numthreads=_THREADS,
            max=_THREADS,
            timeout=5,
            shutdown_timeout=2,
        )
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen and serve. Raises OSError when the port is taken."""
        self._server.prepare()
        self._thread = threading.Thread(target=self._server.serve, name="admin", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """`host:port` that is listened on, known after `start`."""
        host, port = self._server.bind_addr[:2]
        return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"

    def stop(self) -> None:
        """Stop serving; open answers get two seconds. Safe before `start` and twice."""
        if self._thread is None:
            return
        self._server.stop()
        self._thread.join(5)
        self._thread = None

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, kind, body = self._page(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _page(self, method: str, path: str) -> Page:
        pages = {"/livez": self._livez, "/readyz": self._readyz, "/metrics": _metrics, "/status": self._statusz}
        if path not in pages:
            return "404 Not Found", _JSON, _json({"reason": "NO_SUCH_PAGE", "pages": sorted(pages)})
        if method not in ("GET", "HEAD"):
            return "405 Method Not Allowed", _JSON, _json({"reason": "READ_ONLY"})
        return pages[path]()

    def _livez(self) -> Page:
        alive = self._liveness()
        return ("200 OK" if alive else "503 Service Unavailable"), _JSON, _json({"live": alive})

    def _readyz(self) -> Page:
        answer, problem = self._readiness.ask()
        ready, details = answer if answer is not None else (False, {"reason": problem})
        return ("200 OK" if ready else "503 Service Unavailable"), _JSON, _json({**details, "ready": ready})

    def _statusz(self) -> Page:
        text, problem = self._status.ask()
        if text is None:
            return "503 Service Unavailable", _JSON, _json({"reason": problem})
        return "200 OK", _JSON, text.encode()


class _Question(Generic[T]):
    """Something that may be slow, asked on one thread of its own and at most once at a time."""

    def __init__(self, name: str, ask: Callable[[], T], within_s: float) -> None:
        self._name, self._ask, self._within_s = name, ask, within_s
        self._lock = threading.Lock()
        self._open: Future[T] | None = None

    def ask(self) -> tuple[T | None, str]:
        """The answer and no problem, or no answer and the problem."""
        with self._lock:
            if self._open is None or self._open.done():
                self._open = self._asked()
            asked = self._open
        try:
            return asked.result(self._within_s), ""
        except FutureTimeout:
            return None, "NO_ANSWER_IN_TIME"
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is 503
            reason = telemetry.failure(error)
            logs.event(_logger, logging.WARNING, f"{self._name} failed", exc_info=True, reason=reason)
            return None, reason

    def _asked(self) -> "Future[T]":
        """A daemon thread, because the threads of an executor would hold the process at its end."""
        answer: Future[T] = Future()

        def work() -> None:
            try:
                answer.set_result(self._ask())
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                answer.set_exception(error)

        threading.Thread(target=work, name=f"admin-{self._name}", daemon=True).start()
        return answer


def _metrics() -> Page:
    return "200 OK", metrics.CONTENT_TYPE, metrics.render()


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, default=str) + "\n").encode()
