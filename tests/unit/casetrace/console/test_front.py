from __future__ import annotations

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from observability.casetrace.console.answers import AGES, tag_of
from observability.casetrace.console.entry import report_of
from observability.casetrace.console.front import here, is_own, same_origin, words_of

HERE = "https://127.0.0.1:8443"


def request(path: str = "/console/", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(EnvironBuilder(path, HERE, headers=list(named.items())).get_environ())


@pytest.mark.parametrize("headers", [{"origin": HERE}, {"origin": "null", "sec_fetch_site": "same-origin"}])
def test_a_form_of_this_address_is_taken(headers: dict[str, str]) -> None:
    assert same_origin(request(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        {"origin": "https://127.0.0.1:9443", "sec_fetch_site": "same-origin"},
        {"origin": "http://127.0.0.1:8443"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_a_form_of_another_address_is_not(headers: dict[str, str]) -> None:
    assert not same_origin(request(**headers))


@pytest.mark.parametrize("place", ["/console/", "/console/cases/1?event=2", "/console/?q=a%20b"])
def test_one_comes_back_to_a_page_of_the_console(place: str) -> None:
    assert is_own(place)


@pytest.mark.parametrize(
    "place",
    ["", "/docs", "//evil.example", "/console//evil.example", "/console/\\evil", "https://evil.example/console/",
     "/console/\r\nSet-Cookie: a", "/console/?" + "x" * 2000, "/consolex/"],
)  # fmt: skip
def test_and_to_no_other(place: str) -> None:
    assert not is_own(place)


def test_the_language_is_the_addresses_else_the_cookies_else_the_browsers() -> None:
    cookie = "__Host-casetrace-lang=zh-CN"
    assert words_of(request("/console/?lang=en", cookie=cookie)).language == "en"
    assert words_of(request(cookie=cookie, accept_language="en")).language == "zh-CN"
    assert words_of(request(accept_language="en-GB,zh;q=0.5")).language == "en"
    assert words_of(request("/console/?lang=xx")).language == "zh-CN"


def test_the_same_page_with_another_parameter() -> None:
    page = request("/console/?q=a&lang=en")
    assert here(page, {"lang": "zh-CN"}) == "/console/?q=a&lang=zh-CN"
    assert here(page, {"lang": None}) == "/console/?q=a"


def test_the_tag_leaves_out_what_only_ages() -> None:
    page = '<p>{}</p><time data-age datetime="x">{}</time><svg class="clock" data-ages><rect width="{}"/></svg>'
    assert tag_of(page.format("a", "1 min", "1%")) == tag_of(page.format("a", "2 min", "2%"))
    assert tag_of(page.format("a", "1 min", "1%")) != tag_of(page.format("b", "1 min", "1%"))
    assert tag_of('<time data-at datetime="x"></time>') != tag_of('<time data-at datetime="y"></time>')
    assert AGES.sub(r"\1\3", '<svg class="logo"><path/></svg>') == '<svg class="logo"><path/></svg>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'{"csp-report": {"effective-directive": "style-src-attr", "document-uri":'
            b' "https://x/console/cases/371102-1?q=name"}}',
            ("style-src-attr", "/console/cases"),
        ),
        (b'{"csp-report": {"effective-directive": "A NAME", "document-uri": "https://x/other"}}', ("unreadable", "")),
        (b"{}", ("unreadable", "")),
        (b"\xff", ("unreadable", "")),
        (b"[]", ("unreadable", "")),
    ],
)
def test_of_a_report_nothing_but_codes_is_kept(body: bytes, said: tuple[str, str]) -> None:
    assert report_of(body) == said
