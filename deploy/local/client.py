"""A client of the backbone, as a member system would write one: JSON through the gateway, with patience.

Demo, replay, member and the tests share it. It keeps its connections, checks the gateway against the trust bundle,
sends an Idempotency-Key with every change and Accept-Language with every call. What may be tried again (no connection,
409 while the first try is in flight, 429, 503, 504) is tried again under the same key until the patience is over.
"""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 3.0
CALL_TIMEOUT_S = 15.0


class Unreachable(Exception):
    """The gateway did not answer within the patience; the text is one sentence."""


@dataclass(eq=False)
class ApiError(Exception):
    """The backbone refused: google.rpc.Status as the gateway renders it.

    `code` is the gRPC code, `reason` is for machines, `texts` by language for people, `violations` are (field, rule,
    text), `request_id` is the trace id.
    """

    http_status: int
    code: int
    reason: str
    message: str
    texts: dict[str, str] = field(default_factory=dict)
    violations: tuple[tuple[str, str, str], ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    retry_after_s: float | None = None
    request_id: str = ""

    def __str__(self) -> str:
        return f"{self.reason} (HTTP {self.http_status}): {self.message}"

    @property
    def passing(self) -> bool:
        """The same call may succeed a little later."""
        return self.http_status in (429, 503, 504) or self.reason == "IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: the JSON body, and what the gateway's headers say beside it. `seconds` over all tries."""

    body: dict[str, Any]
    case_number: str
    trace_id: str
    seconds: float
    tries: int


Body = Callable[[], bytes | None]


class TokenSource(Protocol):
    """Gives the access token to send; asks for a new one when the old one is about to end."""

    def token(self) -> str:
        """A token that is good for at least some seconds more."""
        ...


class Gateway:
    """The gateway's JSON door. Safe for several threads: each has a connection of its own and keeps it."""

    def __init__(self, url: str, trust: Path, *, language: str = "en", patience_s: float = 30.0) -> None:
        """`url`: base URL. `trust`: PEM bundle. OSError or ssl.SSLError when the bundle cannot be read."""
        parts = urlsplit(url)
        self.url = url
        self._host, self._port = parts.hostname or "", parts.port or 443
        self._trust = ssl.create_default_context(cafile=str(trust))
        self._language = language
        self._patience_s = patience_s
        self._own = threading.local()

    def get(self, path: str, query: Mapping[str, str] | None = None, *, door: TokenSource | None = None) -> Answer:
        """Read. `query` goes into the path. Raises ApiError, Unreachable."""
        # The gateway takes a plus for a plus: it stands in times with an offset.
        target = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
        return self._call("GET", target, lambda: None, {}, door)

    def post(self, path: str, body: Mapping[str, Any], *, door: TokenSource, key: str | None = None) -> Answer:
        """Change. `key`: idempotency key; a fresh one when None. Raises ApiError, Unreachable."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or str(uuid.uuid4())}
        text = json.dumps(body, ensure_ascii=False).encode()
        return self._call("POST", path, lambda: text, headers, door)

    def form(self, path: str, fields: Callable[[], Mapping[str, str]]) -> dict[str, Any]:
        """Send a form, for the token endpoint; `fields` is asked anew at every try. Raises ApiError, Unreachable."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._call("POST", path, lambda: urlencode(fields()).encode(), headers, None).body

    def close(self) -> None:
        """Close the connection of the thread that asks."""
        self._drop()

    def _call(self, method: str, path: str, body: Body, headers: Mapping[str, str], door: TokenSource | None) -> Answer:
        began, tries = time.monotonic(), 0
        while True:
            tries += 1
            said = {"Accept-Language": self._language, **headers}
            if door is not None:
                said["Authorization"] = f"Bearer {door.token()}"
            try:
                status, reply, text = self._once(method, path, body(), said)
                if status < 400:
                    return _answer(reply, text, time.monotonic() - began, tries)
                error: ApiError | Unreachable = api_error(status, text, reply.get("Retry-After"))
            except ssl.SSLCertVerificationError as fault:
                raise Unreachable(f"The trust bundle does not vouch for {self.url}: {fault.verify_message}.") from None
            except (OSError, http.client.HTTPException) as fault:
                self._drop()
                error = Unreachable(f"The gateway at {self.url} does not answer ({_named(fault)}): is `make run` up?")
            if isinstance(error, ApiError) and not error.passing:
                raise error
            self._wait_or_give_up(error, tries, began)

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self._connection()
        connection.request(method, path, body=body, headers=dict(headers))
        response = connection.getresponse()
        text = response.read()
        return response.status, response.headers, text

    def _connection(self) -> http.client.HTTPSConnection:
        kept: http.client.HTTPSConnection | None = getattr(self._own, "connection", None)
        if kept is None:
            kept = http.client.HTTPSConnection(self._host, self._port, timeout=CALL_TIMEOUT_S, context=self._trust)
            self._own.connection = kept
        return kept

    def _drop(self) -> None:
        kept: http.client.HTTPSConnection | None = getattr(self._own, "connection", None)
        if kept is not None:
            kept.close()
        self._own.connection = None

    def _wait_or_give_up(self, error: ApiError | Unreachable, tries: int, began: float) -> None:
        asked = error.retry_after_s if isinstance(error, ApiError) else None
        wait = asked if asked is not None else pause(tries)
        if time.monotonic() + wait > began + self._patience_s:
            raise error
        time.sleep(wait)


def pause(tries: int) -> float:
    """Seconds to wait after the `tries`-th try: doubling from 0.1 to 3, and spread, so that callers do not march."""
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (tries - 1))
    return random.uniform(longest / 2, longest)


def api_error(status: int, text: bytes, retry_after: str | None = None) -> ApiError:
    """The error that an answer's body says. Reason HTTP_<n> when it is no Status and no OAuth error."""
    try:
        said = json.loads(text)
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    if "error" in said:
        reason = said.get("reason") or said["error"]
        texts = {"zh-CN": said.get("error_description_zh", ""), "en": said.get("error_description", "")}
        return ApiError(status, 2, reason, texts["en"], texts, retry_after_s=_seconds(retry_after))
    details = [item for item in said.get("details", ()) if isinstance(item, dict)]
    info = _detail(details, "ErrorInfo")
    return ApiError(
        http_status=status,
        code=said.get("code", 2),
        reason=info.get("reason") or f"HTTP_{status}",
        message=said.get("message", ""),
        texts={d["locale"]: d["message"] for d in _details(details, "LocalizedMessage") if "locale" in d},
        violations=_violations(_detail(details, "BadRequest")),
        metadata=dict(info.get("metadata", {})),
        retry_after_s=_seconds(_detail(details, "RetryInfo").get("retryDelay") or retry_after),
        request_id=_detail(details, "RequestInfo").get("requestId", ""),
    )


def _answer(headers: http.client.HTTPMessage, text: bytes, seconds: float, tries: int) -> Answer:
    case_number, trace_id = headers.get("egov-case-number", ""), headers.get("egov-trace-id", "")
    return Answer(json.loads(text) if text else {}, case_number, trace_id, seconds, tries)


def _details(details: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [item for item in details if str(item.get("@type", "")).endswith(f"google.rpc.{name}")]


def _detail(details: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(iter(_details(details, name)), {})


def _violations(bad_request: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    found = bad_request.get("fieldViolations", ())
    return tuple((v.get("field", ""), v.get("reason", ""), v.get("description", "")) for v in found)


def _seconds(text: str | None) -> float | None:
    try:
        return float(text.removesuffix("s")) if text else None
    except ValueError:
        return None


def _named(fault: Exception) -> str:
    return str(fault) or type(fault).__name__
