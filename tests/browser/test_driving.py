"""The pages of the tests are watched: whatever goes wrong on one fails its test."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright

from deploy.local.pki import Authority, Identity, Names
from tests.browser import driving
from tests.browser.install import Chromium

GOOD = "<!doctype html><link rel=icon href=data:,><h1>Good</h1>"
PAGES = {
    "/good": GOOD,
    "/console": f"{GOOD}<script nonce=a>console.error('a complaint')</script>",
    "/script": f"{GOOD}<script nonce=a>setTimeout(() => nowhere.to.go)</script>",
    "/image": f"{GOOD}<img src=/nothing.png>",
    "/refused": f"{GOOD}<script nonce=a>fetch('/nothing')</script>",
    "/unreachable": f"{GOOD}<script nonce=a>fetch('http://127.0.0.1:1/').catch(() => 0)</script>",
    "/inline": f"{GOOD}<script>document.title = 'forbidden'</script>",
    "/style": f"{GOOD}<p style='color: red'>forbidden</p>",
}
POLICY = "default-src 'none'; script-src 'nonce-a'; img-src 'self' data:; connect-src 'self' http://127.0.0.1:1"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is told of."""


@contextmanager
def serving(identity: Identity | None = None) -> Iterator[str]:
    """The pages, on a free port of this machine; over TLS by an identity. The address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if identity is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.store)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{'https' if identity else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def browser(driver: Playwright, program: Chromium) -> Iterator[Browser]:
    with driving.browser(driver, program) as running:
        yield running


def look(browser: Browser, url: str, path: str, *expected: str) -> None:
    with driving.page(browser, url) as (page, faults):
        for each in expected:
            faults.expect(each)
        page.goto(path, wait_until="networkidle")


def test_a_page_on_which_nothing_goes_wrong_is_fine(browser: Browser, site: str) -> None:
    look(browser, site, "/good")


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/console", "console: a complaint"),
        ("/script", "script: nowhere is not defined"),
        ("/image", "answer: 404 GET .*nothing.png"),
        ("/refused", "answer: 404 GET .*/nothing"),
        ("/unreachable", "request: net::ERR_.* GET http://127.0.0.1:1/"),
        ("/inline", "content policy: script-src-elem forbids inline"),
        ("/style", "content policy: style-src-attr forbids inline"),
    ],
)
def test_whatever_goes_wrong_on_a_page_fails_its_test(browser: Browser, site: str, path: str, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        look(browser, site, path)


def test_what_is_expected_does_not_fail_a_test(browser: Browser, site: str) -> None:
    look(browser, site, "/image", "answer: 404 GET .*/nothing.png$")


def test_a_server_is_trusted_by_its_key_and_no_other_is(driver: Playwright, program: Chromium, tmp_path: Path) -> None:
    one, other = Authority(tmp_path / "one", "one root"), Authority(tmp_path / "other", "another root")
    with serving(identity(one)) as known, serving(identity(other)) as unknown:
        with pytest.raises(ssl.SSLCertVerificationError):
            driving.pin(unknown, one.trust)
        with driving.browser(driver, program, driving.pin(known, one.trust)) as browser:
            look(browser, known, "/good")
            with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
                look(browser, unknown, "/good")


def identity(authority: Authority) -> Identity:
    return authority.identity("server", Names(hosts=("127.0.0.1",)))
