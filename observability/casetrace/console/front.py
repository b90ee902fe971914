"""The front of every page: in which language, who is signed in, whether a form is their own; and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from google.protobuf.message import Message
from werkzeug.wrappers import Request, Response

from observability.casetrace.console import answers
from observability.casetrace.console.console import Console
from observability.casetrace.console.sessions import Signed, form_token_fits
from observability.casetrace.console.times import Times
from observability.casetrace.console.words import Words
from observability.casetrace.domain.names import Directory
from services.chassis.asking import Asking
from services.chassis.database import as_refusal
from services.chassis.httpdoor import STATUS
from services.chassis.interceptors.caller import language_of
from services.chassis.telemetry import current_trace_id
from services.kernel.errors import Kind, Refusal, denied, not_found
from services.kernel.texts import LANGUAGES, text

ROOT = "/console/"
SESSION, LANGUAGE, ASKED = "__Host-casetrace", "__Host-casetrace-lang", "__Host-casetrace-asked"
YEAR_S, QUARTER_HOUR_S = 365 * 86400, 900
LONGEST_PLACE = 1500


@dataclass(frozen=True)
class Visit:
    """One request of a signed-in operator, and what a page is made from."""

    request: Request
    console: Console
    asking: Asking
    signed: Signed
    words: Words
    times: Times
    directory: Directory

    @property
    def language(self) -> str:
        """`zh-CN` or `en`."""
        return self.words.language

    @property
    def now(self) -> datetime:
        """The moment of the page."""
        return self.times.now

    def ask(self, method: str, request: Message) -> Any:
        """Ask the case trace's own method for the operator. Raises what any caller would be refused."""
        return self.asking.ask(method, request, self.signed.caller)

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page of the console. `context` is what the template needs beside what every page has."""
        return answers.page(self.request, template, self.words, self._shared() | context, status)

    def _shared(self) -> dict[str, Any]:
        return {
            "t": self.times,
            "signed": self.signed,
            "department": self.directory.name(self.signed.session.department, self.language),
            "query": self.request.args.get("q", "")[:200],
            "other_language": other_language(self.request, self.language),
            "poll_s": 0,
        }


Page = Callable[[Visit], Response]


def signed_in(request: Request, console: Console | None, asking: Asking, now: datetime, page: Page) -> Response:
    """Answer with a page for whoever is signed in; for others, how to sign in. A form must be of their own session."""
    if console is None:
        return no_console(request)
    try:
        return _signed_in(request, console, asking, now, page)
    except sa.exc.SQLAlchemyError as error:
        # Without the database nobody is known; browsers are told on a page all the same.
        refusal = as_refusal(error)
        if refusal is None:
            raise
        said = [text(refusal.reason, language, refusal.params) for language in LANGUAGES]
        shown = {"said": said, "reason": refusal.reason, "trace_id": current_trace_id() or ""}
        return plain(request, "unwell.html", STATUS[refusal.kind], **shown)


def _signed_in(request: Request, console: Console, asking: Asking, now: datetime, page: Page) -> Response:
    words = words_of(request)
    signed = console.sessions.current(request.cookies.get(SESSION, ""), asking.caller)
    if signed is None:
        return _sign_in_first(request)
    visit = Visit(request, console, asking, signed, words, Times(now, words), console.directory)
    try:
        if request.method == "POST":
            demand_own_form(request, signed)
        response = page(visit)
    except Refusal as refusal:
        if refusal.kind is Kind.UNAUTHENTICATED:
            console.sessions.end(signed.session)
            return _sign_in_first(request, refusal)
        response = refused(visit, refusal)
    return remember_language(request, response)


def refused(visit: Visit, refusal: Refusal) -> Response:
    """The page that says why something did not work."""
    said = text(refusal.reason, visit.language, refusal.params)
    return visit.page(
        "refused.html", STATUS[refusal.kind], said=said, reason=refusal.reason, trace_id=current_trace_id() or ""
    )


def no_such_page(visit: Visit) -> Response:
    """The page for an address that there is not."""
    raise not_found()


def demand_own_form(request: Request, signed: Signed) -> None:
    """Refusal FORM_REFUSED for a form that another site sent, or that was made for another session."""
    if not (same_origin(request) and form_token_fits(signed, request.form.get("form_token", ""))):
        raise denied("FORM_REFUSED")


def same_origin(request: Request) -> bool:
    """Whether a page of this address sent the request.

    Pages tell no referrer, so browsers name no origin with their forms; but they say themselves where a form came from.
    """
    origin = request.headers.get("origin", "null")
    if origin == "null":
        return request.headers.get("sec-fetch-site") == "same-origin"
    return origin == f"https://{request.host}"


def words_of(request: Request) -> Words:
    """The words of the language that is asked for: by the address, else by a cookie, else by the browser."""
    for asked in (request.args.get("lang"), request.cookies.get(LANGUAGE)):
        if asked in LANGUAGES:
            return Words(asked)
    return Words(language_of(request.headers.get("accept-language", "")))


def other_language(request: Request, language: str) -> str:
    """The same page in the other language."""
    other = next(each for each in LANGUAGES if each != language)
    return here(request, {"lang": other})


def here(request: Request, changes: Mapping[str, str | None]) -> str:
    """The address of the same page with these parameters in the place of its own; None takes one away."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    added = [(name, value) for name, value in changes.items() if value is not None]
    query = urlencode(kept + added)
    return f"{request.path}?{query}" if query else request.path


def remember_language(request: Request, response: Response) -> Response:
    """Keep the language that the address asks for."""
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        keep(response, LANGUAGE, asked, YEAR_S)
    return response


def keep(response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie that is sent to this address alone, and that no script sees."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")


def forget(response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")


def no_console(request: Request) -> Response:
    """What there is to say where no console is configured."""
    return plain(request, "no_console.html", 404)


def plain(request: Request, template: str, status: int, **context: Any) -> Response:
    """A page for somebody who is not signed in, in both languages."""
    both = [Words(language) for language in LANGUAGES]
    return answers.page(request, template, words_of(request), {"both": both} | context, status)


def _sign_in_first(request: Request, refusal: Refusal | None = None) -> Response:
    """How to sign in. The page that was asked for is remembered, to come back to."""
    said = [text(refusal.reason, language, refusal.params) for language in LANGUAGES] if refusal else []
    response = plain(request, "sign_in.html", 401, said=said)
    response.headers["Cache-Control"] = "no-store"
    place = request.full_path.removesuffix("?")
    if request.method == "GET" and is_own(place):
        keep(response, ASKED, place, QUARTER_HOUR_S)
    return response


def is_own(place: str) -> bool:
    """Whether a place is a page of the console, and nothing that leads away from it."""
    plain_path = place.startswith(ROOT) and "\\" not in place and "//" not in place.partition("?")[0]
    return plain_path and place.isascii() and place.isprintable() and len(place) <= LONGEST_PLACE
