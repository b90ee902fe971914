"""A signed-in operator's visit to a page of the console, with answers that the test gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from google.protobuf.message import Message
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from observability.casetrace.console.front import Visit
from observability.casetrace.console.outside import Answer
from observability.casetrace.console.sessions import Signed
from observability.casetrace.console.times import Times
from observability.casetrace.console.words import Words
from observability.casetrace.domain.names import Directory
from observability.casetrace.domain.sessions import Session
from tests.unit.fakes import NOW

Asked = Callable[[str, Message], Message]
SCOPES = frozenset({"casetrace.cases.read", "operations.act"})


class Outside:
    """The way to other services: takes what is sent, and answers what the test says."""

    def __init__(self, answer: Answer | Exception) -> None:
        self.answer = answer
        self.sent: list[dict[str, Any]] = []

    def call(self, verb: str, path: str, token: str, language: str, body: Mapping[str, Any], key: str) -> Answer:
        self.sent.append({"path": f"{verb} {path}", "token": token, "body": body, "key": key})
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def visit(
    path: str,
    ask: Asked,
    *,
    form: Mapping[str, str] | None = None,
    scopes: frozenset[str] = SCOPES,
    language: str = "en",
    outside: Outside | None = None,
) -> Visit:
    """One request of an operator; with a form it is a POST."""
    data = urlencode(form) if form is not None else None
    kind = "application/x-www-form-urlencoded" if form is not None else None
    method = "POST" if form is not None else "GET"
    request = Request(EnvironBuilder(path, method=method, data=data, content_type=kind).get_environ())
    none: frozenset[str] = frozenset()
    session = Session(b"", "operator@371100-DSJ", "ops", "s", "371100-DSJ", "3711", none, scopes, 2, NOW, NOW)
    console: Any = SimpleNamespace(
        sessions=SimpleNamespace(token=lambda session: "token"), member=outside or Outside(Answer(200, {}))
    )
    asking: Any = SimpleNamespace(ask=lambda method, request, caller: ask(method, request))
    words = Words(language)
    times = Times(NOW + timedelta(seconds=5), words)
    return Visit(request, console, asking, Signed(session, "form-token"), words, times, Directory({}))
