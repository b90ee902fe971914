"""The gateway's door without patience: one try, and the whole answer, headers included.

The client of `deploy/local/client.py` tries again where that helps; a test of a refusal wants the first answer.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.local.client import ApiError, api_error

LANGUAGES = {"zh-CN", "en"}
HAN = re.compile("[\u4e00-\u9fff]")
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body. ValueError when it is not JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> ApiError:
        """The refusal that it says."""
        return api_error(self.status, self.body, self.headers.get("retry-after"))

    @property
    def fields(self) -> dict[str, str]:
        """The fields at fault: field name to rule, or to its rules in their order, divided by spaces."""
        broken: dict[str, str] = {}
        for name, rule, _ in self.error.violations:
            broken[name] = f"{broken[name]} {rule}" if name in broken else rule
        return broken


class Door:
    """The gateway at `url`, which `trust` vouches for. Each call has a connection of its own, unless said."""

    def __init__(self, url: str, trust: Path) -> None:
        where = urlsplit(url)
        self._host, self._port = where.hostname or "", where.port or 443
        self._trust = ssl.create_default_context(cafile=str(trust))

    def connect(self) -> http.client.HTTPSConnection:
        """A new connection."""
        return http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=self._trust)

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: Mapping[str, Any] | bytes | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        over: http.client.HTTPSConnection | None = None,
    ) -> Reply:
        """One call. `key`: idempotency key; a fresh one when None, none at all when empty. `over`: a connection."""
        with contextlib.ExitStack() as stack:
            connection = over or stack.enter_context(contextlib.closing(self.connect()))
            # What is too large is refused before all of it was sent.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, content(body), said(token, body, key) | dict(headers or {}))
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())

    def post(self, path: str, token: str | None, body: Mapping[str, Any] | bytes, **more: Any) -> Reply:
        """One change."""
        return self.ask("POST", path, token=token, body=body, **more)

    def get(self, path: str, token: str | None = None, **more: Any) -> Reply:
        """One read."""
        return self.ask("GET", path, token=token, **more)


def content(body: Mapping[str, Any] | bytes | None) -> bytes | None:
    """The bytes of a body."""
    return json.dumps(body, ensure_ascii=False).encode() if isinstance(body, Mapping) else body


def said(token: str | None, body: Mapping[str, Any] | bytes | None, key: str | None) -> dict[str, str]:
    """The headers that a call has unless it says otherwise."""
    headers = {"Accept-Language": "en"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
        if key != "":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
    return headers


def assert_refused(reply: Reply, status: int, reason: str) -> ApiError:
    """The one shape of every refusal: reason, Chinese and English, trace id. Returns what it says."""
    error = reply.error
    assert (reply.status, error.reason) == (status, reason), reply.body.decode(errors="replace")
    assert reply.headers["content-type"].startswith("application/json")
    assert set(error.texts) == LANGUAGES
    assert HAN.search(error.texts["zh-CN"]) and not HAN.search(error.texts["en"])
    assert error.message == error.texts["en"], "the caller reads English"
    assert re.fullmatch("[0-9a-f]{32}", error.request_id)
    assert error.request_id == reply.headers["egov-trace-id"]
    for violation in violations(reply):
        assert violation["reason"] and not HAN.search(violation["description"])
        assert violation["localizedMessage"]["locale"] == "zh-CN"
        assert HAN.search(violation["localizedMessage"]["message"])
    return error


def violations(reply: Reply) -> list[dict[str, Any]]:
    """The fields at fault, with their texts."""
    details = (each for each in reply.json["details"] if each["@type"].endswith("BadRequest"))
    return [violation for detail in details for violation in detail["fieldViolations"]]
