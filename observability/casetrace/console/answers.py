"""Answers of the console: pages from templates, with their tag and the headers that keep a browser strict; files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Request, Response

from observability.casetrace.console.words import Words

HERE = Path(__file__).parent
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
REPORTS = "/console/csp-reports"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    f" base-uri 'none'; frame-ancestors 'none'; report-uri {REPORTS}"
)
STRICT = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
UNCHANGED_IN_THE_YEAR = "public, max-age=31536000, immutable"
# What only ages: the text of a time, and drawings that reach up to now.
AGES = re.compile(r"(<(time|svg)\b[^>]*\bdata-(?:at|age|due|ages)\b[^>]*>).*?(</\2>)", re.DOTALL)
# What is new in every page: the keys of forms.
FRESH = re.compile(r'(<input\b[^>]*\bdata-fresh\b[^>]*\bvalue=)"[^"]*"')
TAG_GOES_HERE = "@tag@"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = asset
    return made


def page(request: Request, template: str, words: Words, context: Mapping[str, Any], status: int = 200) -> Response:
    """A page. What is as the browser has it already is answered with 304."""
    html = _environment().get_template(template).render(context, w=words, tag=TAG_GOES_HERE)
    tag = tag_of(html)
    response = Response(html.replace(TAG_GOES_HERE, tag, 1), status, content_type="text/html; charset=utf-8")
    response.headers.update(STRICT | {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Language"})
    response.headers["Content-Language"] = words.language
    if status == 200:
        response.set_etag(tag)
        response.make_conditional(request.environ)
    return response


def tag_of(html: str) -> str:
    """The tag of a page: the same as long as nothing but ages and keys of forms has changed."""
    return hashlib.sha256(FRESH.sub(r"\1", AGES.sub(r"\1\3", html)).encode()).hexdigest()[:24]


def document(text: str, name: str) -> Response:
    """A JSON document to be kept under this name."""
    response = Response(text, content_type="application/json; charset=utf-8")
    response.headers.update(STRICT | {"Cache-Control": "private, no-store"})
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def moved(place: str) -> Response:
    """Go there by GET."""
    return Response(status=303, headers=STRICT | {"Location": place, "Cache-Control": "no-store"})


def nothing() -> Response:
    """Done, and nothing to show."""
    return Response(status=204, headers=STRICT)


@cache
def _files() -> Mapping[str, tuple[str, bytes, str]]:
    """The static files by name: kind, content, digest. Read once."""
    return {
        path.name: (KINDS[path.suffix], path.read_bytes(), hashlib.sha256(path.read_bytes()).hexdigest()[:16])
        for path in (HERE / "static").iterdir()
        if path.suffix in KINDS
    }


def asset(name: str) -> str:
    """The address of a static file; another one when the file is another."""
    return f"/console/static/{name}?{_files()[name][2]}"


def static(request: Request, name: str) -> Response | None:
    """A static file; None when there is none of that name."""
    if name not in _files():
        return None
    kind, content, digest = _files()[name]
    response = Response(content, content_type=f"{kind}; charset=utf-8", headers=STRICT)
    response.headers["Cache-Control"] = UNCHANGED_IN_THE_YEAR
    response.set_etag(digest)
    return response.make_conditional(request.environ)
