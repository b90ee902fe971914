"""A visitor of pages: a browser without a screen, which keeps cookies and sends forms, one request at a time."""

from __future__ import annotations

import http.client
import re
import ssl
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.waiting import wait_for

FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
TIMEOUT_S = 30.0
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def place(self) -> str:
        """Where it leads."""
        return str(self.headers["location"])

    @property
    def form_token(self) -> str:
        """What its forms carry."""
        found = FORM_TOKEN.search(self.text)
        assert found, "the page has no form of a session"
        return found[1]


class Visitor:
    """Somebody with a browser at the gateway `url`, which `trust` vouches for. `language`: what the browser prefers."""

    def __init__(self, url: str, trust: Path, language: str = "en") -> None:
        where = urlsplit(url)
        self.url = url
        self.cookies: dict[str, str] = {}
        self._host, self._port = where.hostname or "", where.port or 443
        self._trust = ssl.create_default_context(cafile=str(trust))
        self._language = language

    def get(self, place: str, **headers: str) -> Page:
        """The answer, wherever it leads."""
        return self._send("GET", place.removeprefix(self.url), None, headers)

    def follow(self, place: str) -> Page:
        """The page at the end of the way."""
        page = self.get(place)
        return self.follow(page.place) if page.status in (301, 303, 308) else page

    def send(self, place: str, fields: dict[str, str], **headers: str) -> Page:
        """A form of a page of the same address, unless headers say that it comes from another."""
        form = {"content-type": "application/x-www-form-urlencoded", "origin": "null", "sec-fetch-site": "same-origin"}
        return self._send("POST", place, urlencode(fields).encode(), form | headers)

    def _send(self, verb: str, place: str, body: bytes | None, headers: dict[str, str]) -> Page:
        """The answer. Who asks faster than people do is told by the gateway to wait, and asks again."""

        def let_in() -> Page | None:
            page = self._asked(verb, place, body, headers)
            return None if page.status == TOO_MANY else page

        found = wait_for("the gateway lets them in", let_in, every_s=0.5)
        assert found is not None
        return found

    def _asked(self, verb: str, place: str, body: bytes | None, headers: dict[str, str]) -> Page:
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=self._trust)
        said: dict[str, Any] = {"accept-language": self._language}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            said["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(verb, place, body=body, headers=said)
        answer = connection.getresponse()
        page = Page(answer.status, answer.headers, answer.read().decode())
        connection.close()
        self._keep(page)
        return page

    def _keep(self, page: Page) -> None:
        for line in page.headers.get_all("set-cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
