"""Templates: what the strict policy forbids is in none of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from observability.casetrace.console import answers
from observability.casetrace.console.words import Words
from tests.unit.casetrace.console.test_front import request

FILES = sorted((Path(answers.__file__).parent / "templates").glob("*.html"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_a_template_holds_no_inline_style_or_script_and_no_other_host(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(r"\bstyle=|<style|\bon[a-z]+=|javascript:|https?://|\|\s*safe", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("template", ["sign_in.html", "no_console.html"])
def test_who_is_not_signed_in_is_told_in_both_languages(template: str) -> None:
    both = [Words("zh-CN"), Words("en")]
    response = answers.page(request(), template, both[0], {"both": both, "said": []}, 401)
    text = response.get_data(as_text=True)
    assert 'lang="zh-CN"' in text and 'lang="en"' in text
    assert "make console" in text or template == "no_console.html"


def test_an_answer_is_strict_with_the_browser() -> None:
    headers = answers.page(request(), "no_console.html", Words("en"), {"both": []}).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_a_page_that_the_browser_has_is_not_sent_again() -> None:
    first = answers.page(request(), "no_console.html", Words("en"), {"both": []})
    again = answers.page(request(if_none_match=first.headers["ETag"]), "no_console.html", Words("en"), {"both": []})
    assert again.status_code == 304


def test_static_files_are_kept_until_they_are_others() -> None:
    style = answers.static(request(), "console.css")
    assert style is not None
    assert "immutable" in style.headers["Cache-Control"]
    assert answers.asset("console.css").endswith(style.headers["ETag"].strip('"'))
    assert answers.static(request(), "../front.py") is None
