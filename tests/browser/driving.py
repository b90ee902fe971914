"""Driving the browser: which flags it gets, which server it trusts, and what must not happen on a page."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    ViewportSize,
    WebError,
    sync_playwright,
)

from tests.browser.install import NODE, Chromium

# No sandbox: it wants user namespaces or root's help, and the only pages are our own. The rest keeps Chromium from
# talking to anybody else.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_MS = 30_000
# A page that is left, or asks anew, gives up what it was loading.
GIVEN_UP = "net::ERR_ABORTED"
TELL_OF_POLICY = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`content policy: ${event.effectiveDirective} forbids ${event.blockedURI || "it"}`))"""


@contextmanager
def driver() -> Iterator[Playwright]:
    """What drives browsers; one at a time in a thread."""
    # The Node.js that the driver brings wants a library (libatomic) that small machines lack; the wheel's does not.
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(NODE)
    with sync_playwright() as driving:
        yield driving


@contextmanager
def browser(driving: Playwright, chromium: Chromium, *pins: str) -> Iterator[Browser]:
    """Chromium, running without a window. It trusts the roots that it was built with, and servers with these keys."""
    flags = [*FLAGS, f"--ignore-certificate-errors-spki-list={','.join(pins)}"]
    with tempfile.TemporaryDirectory(prefix="egov-browser-") as home:
        running = driving.chromium.launch(
            executable_path=chromium.program, args=flags, env=dict(chromium.environment(Path(home)))
        )
        try:
            yield running
        finally:
            running.close()


def pin(url: str, trust: Path) -> str:
    """The key of the server at `url` as Chromium takes it. ssl.SSLError when the trust bundle does not vouch for it.

    Chromium's own store of roots is a database that only tools of NSS write, and reads with a library (SQLite) that a
    machine may lack. So the certificate, its chain, name and time are checked here, and the browser takes this one key.
    """
    where = urlsplit(url)
    context = ssl.create_default_context(cafile=str(trust))
    address = (where.hostname or "", where.port or 443)
    with (
        socket.create_connection(address, timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=address[0]) as tls,
    ):
        certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


class Faults:
    """What went wrong in a context: errors of scripts and console, failed requests, what the policy forbids."""

    def __init__(self, context: BrowserContext) -> None:
        self._seen: list[str] = []
        self._expected: list[str] = []
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(TELL_OF_POLICY)
        context.on("console", self._console)
        context.on("weberror", self._script)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def expect(self, pattern: str) -> None:
        """This may happen; a regular expression for its beginning."""
        self._expected.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        """What happened and was not expected."""
        return [each for each in self._seen if not any(re.match(pattern, each) for pattern in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        # What could not be loaded is told of with its address below.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._seen.append(f"console: {message.text}")

    def _script(self, error: WebError) -> None:
        self._seen.append(f"script: {error.error}")

    def _failed(self, request: Request) -> None:
        if request.failure != GIVEN_UP:
            self._seen.append(f"request: {request.failure} {request.method} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._seen.append(f"answer: {response.status} {response.request.method} {response.url}")


@contextmanager
def page(
    running: Browser, url: str, *, language: str = "en", width: int = 1280, height: int = 800
) -> Iterator[tuple[Page, Faults]]:
    """A page of somebody who was never here; addresses are relative to `url`. AssertionError for any fault on it."""
    viewport: ViewportSize = {"width": width, "height": height}
    context = running.new_context(base_url=url, locale=language, viewport=viewport, color_scheme="light")
    faults = Faults(context)
    try:
        yield context.new_page(), faults
        assert not faults.unexpected, faults.unexpected
    finally:
        context.close()
