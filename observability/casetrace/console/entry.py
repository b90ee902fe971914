"""Coming and going: a ticket becomes a session, and a session ends. What browsers report is noted here, too."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from observability.casetrace.console import answers
from observability.casetrace.console.console import Console
from observability.casetrace.console.front import (
    ASKED,
    ROOT,
    SESSION,
    Visit,
    forget,
    is_own,
    keep,
    no_console,
    plain,
)
from services.chassis import logs
from services.chassis.asking import Asking
from services.chassis.httpdoor import STATUS
from services.kernel.errors import Refusal
from services.kernel.texts import LANGUAGES, text

log = logging.getLogger(__name__)

DIRECTIVE = re.compile(r"[a-z-]{1,40}")
BETWEEN_REPORTS_S = 1.0


def sign_in(request: Request, console: Console | None, asking: Asking, hours: float) -> Response:
    """Let the bearer of a good ticket in, and lead them where they wanted to go."""
    if console is None:
        return no_console(request)
    try:
        secret = console.sessions.sign_in(request.args.get("ticket", ""), asking.caller)
    except Refusal as refusal:
        said = [text(refusal.reason, language, refusal.params) for language in LANGUAGES]
        return plain(request, "sign_in.html", STATUS[refusal.kind], said=said)
    asked = request.cookies.get(ASKED, "")
    response = answers.moved(asked if is_own(asked) else ROOT)
    keep(response, SESSION, secret, int(hours * 3600))
    forget(response, ASKED)
    return response


def sign_out(visit: Visit) -> Response:
    """End the session."""
    visit.console.sessions.end(visit.signed.session)
    response = answers.moved(ROOT)
    forget(response, SESSION)
    return response


class Reports:
    """What browsers report of pages that broke the policy: one line a second at most, and nothing but codes in it."""

    def __init__(self) -> None:
        self._noted_at = float("-inf")

    def take(self, request: Request) -> Response:
        """Note a report."""
        now = time.monotonic()
        if now - self._noted_at >= BETWEEN_REPORTS_S:
            self._noted_at = now
            directive, path = report_of(request.get_data())
            logs.event(log, logging.WARNING, "a page broke its policy", directive=directive, path=path)
        return answers.nothing()


def report_of(body: bytes) -> tuple[str, str]:
    """The directive that was broken, and on which of our pages, without what stands behind its first two words."""
    try:
        said: Any = json.loads(body)["csp-report"]
        directive, path = str(said["effective-directive"]), urlsplit(str(said["document-uri"])).path
    except (ValueError, KeyError, TypeError):
        return "unreadable", ""
    known = re.match(r"/console/[a-z-]{0,20}", path)
    return directive if DIRECTIVE.fullmatch(directive) else "unreadable", known[0] if known else ""
