"""The catalogue over HTTP: `/openapi.json`, `/docs` and its two assets. All of it is made once, at start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from gateway import errors
from gateway.catalogue import openapi
from gateway.catalogue.model import Book
from gateway.catalogue.page import Page
from gateway.catalogue.words import LANGUAGES, chosen

_STATIC = Path(__file__).with_name("static")
_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language",
}


class _Asset(NamedTuple):
    kind: str
    body: bytes
    tag: str


def _asset(kind: str, text: str) -> _Asset:
    body = text.encode()
    return _Asset(f"{kind}; charset=utf-8", body, sha256(body).hexdigest()[:24])


class CatalogueSite:
    """A WSGI application."""

    def __init__(self, book: Book) -> None:
        self._pages = {language: _asset("text/html", Page(book, language).html()) for language in LANGUAGES}
        self._assets: Mapping[str, _Asset] = {
            "/openapi.json": _asset("application/json", openapi.text(book)),
            "/docs/docs.css": _asset("text/css", (_STATIC / "docs.css").read_text(encoding="utf-8")),
            "/docs/docs.js": _asset("text/javascript", (_STATIC / "docs.js").read_text(encoding="utf-8")),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return _refused(errors.METHOD_NOT_ALLOWED)
        if request.path == "/docs":
            language = chosen(request.args.get("lang"), request.headers.get("accept-language", ""))
            asset: _Asset | None = self._pages[language]
        else:
            asset = self._assets.get(request.path)
        if asset is None:
            return _refused(errors.NO_SUCH_ROUTE)
        response = Response(asset.body, content_type=asset.kind, headers=_SECURITY)
        response.set_etag(asset.tag)
        return response.make_conditional(request.environ)


def _refused(error: errors.GatewayError) -> Response:
    """The gateway's error shape; the trace id is in the header that the gateway adds."""
    return Response(errors.json_text(error, ""), error.http, content_type="application/json", headers=_SECURITY)
