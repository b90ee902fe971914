"""The console on real parts: PostgreSQL, identity, the case trace and the gateway; no events come in by themselves."""

from __future__ import annotations

import re

import psycopg
import pytest

from tests.integration.casetrace.console import ELSEWHERE, PAGE, Desk
from tests.unit.casetrace.samples import CASE
from tests.visitor import Page
from tests.waiting import wait_for


def words_of(page: Page) -> str:
    """What a reader sees, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2]).split())


def test_a_case_says_who_holds_it_what_failed_and_what_to_do(desk: Desk) -> None:
    wait_for("names are known", lambda: desk.rows("casetrace", "SELECT 1 FROM code_name LIMIT 1"))
    page = desk.operator().get(PAGE)
    said = words_of(page)
    assert "Donggang District Market Supervision Administration has held it for 5 h" in said
    assert "could not take" in said and "Retry or discard it" in said
    assert re.search(r'href="/console/health\?service=notification&amp;event=[0-9a-f-]{36}#parked"', page.text)
    assert page.text.count("data-event=") > 4


def test_a_step_without_spans_says_so(desk: Desk) -> None:
    visitor = desk.operator()
    (row,) = desk.rows("casetrace", "SELECT id FROM case_event WHERE case_number = %s ORDER BY at LIMIT 1", CASE)
    page = visitor.get(f"{PAGE}?event={row[0]}")
    assert f'data-step="{row[0]}"' in page.text
    assert "No spans of this step are kept" in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=371102-20261123", True),
        ("?q=371102-SCJG", True),
        ("?q=%E5%B8%82%E5%9C%BA%E7%9B%91%E7%AE%A1", True),
        ("?q=UNAVAILABLE", True),
        ("?q=06010", True),
        ("?subject=GB/T+47678.5-2026/component/06010", False),
        ("?region=371102&state=open", True),
        ("?state=closed", False),
        ("?q=371103", False),
        ("", True),
    ],
)
def test_cases_are_found_by_anything(desk: Desk, query: str, found: bool) -> None:
    page = desk.operator().get(f"/console/{query}")
    assert page.status == 200
    assert (f'data-case="{CASE}"' in page.text) == found
    assert 'data-mark="parked"' in page.text or not found


def test_a_whole_case_number_leads_to_the_case(desk: Desk) -> None:
    assert desk.operator().get(f"/console/?q={CASE}").place == PAGE


def test_what_is_wrong_with_a_filter_stands_beside_it(desk: Desk) -> None:
    page = desk.operator().get("/console/?department=kitchens&from=now&state=open")
    assert page.status == 400
    assert 'id="e-department"' in page.text and 'id="e-from"' in page.text


def test_a_filter_that_cannot_be_read_finds_nothing_rather_than_everything(desk: Desk) -> None:
    page = desk.operator().get("/console/?from=now&stuck=1y")
    assert page.status == 400
    assert 'id="e-from"' in page.text and 'id="e-stuck"' in page.text and "data-case=" not in page.text


def test_a_case_elsewhere_is_not_found(desk: Desk) -> None:
    page = desk.operator().get(f"/console/cases/{ELSEWHERE}")
    assert page.status == 404
    assert "CASE_NOT_FOUND" in page.text


def test_a_look_is_audited_as_any_call(desk: Desk) -> None:
    page = desk.operator().get(PAGE)
    trace = page.headers["egov-trace-id"]
    statement = "SELECT method, client, outcome, case_number FROM chassis.audit_log WHERE trace_id = %s"
    rows = wait_for("the look is written down", lambda: desk.rows("casetrace", statement, trace))
    assert rows == [("egov.casetrace.v1.CaseTraceService/GetCase", "rizhao-ops", "OK", CASE)]


def test_a_quiet_page_is_not_sent_again(desk: Desk) -> None:
    visitor = desk.operator()
    tag = visitor.get(PAGE).headers["etag"]
    assert visitor.get(PAGE, if_none_match=tag).status == 304
    assert visitor.get(f"{PAGE}?lang=zh-CN", if_none_match=tag).status == 200


def test_what_somebody_typed_is_text(desk: Desk) -> None:
    page = desk.operator().get("/console/?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_the_language_stays_with_the_browser(desk: Desk) -> None:
    visitor = desk.operator("zh-CN")
    assert 'lang="zh-CN"' in visitor.get("/console/").text
    assert 'lang="en"' in visitor.get("/console/?lang=en").text
    assert '<html lang="en"' in visitor.get("/console/").text


def test_an_address_that_there_is_not_is_told_in_words(desk: Desk) -> None:
    page = desk.operator().get("/console/nothing/here")
    assert page.status == 404
    assert page.headers["content-type"].startswith("text/html")


def test_a_broken_policy_is_noted_without_what_was_looked_for(desk: Desk) -> None:
    report = '{"csp-report": {"effective-directive": "style-src", "document-uri": "https://x/console/?q=WANG"}}'
    assert desk.visitor().send("/console/csp-reports", {report: ""}).status == 204


def test_names_are_replaced_as_a_whole(desk: Desk) -> None:
    with psycopg.connect(desk.stack.wiring.database("casetrace"), autocommit=True) as own:
        wait_for("names are known", lambda: own.execute("SELECT 1 FROM code_name LIMIT 1").fetchall())
        own.execute("INSERT INTO code_name VALUES ('999999', 'gone', '', now() - interval '1 day')")
        own.execute("UPDATE code_name SET read_at = now() - interval '1 day'")
        wait_for(
            "they are read again", lambda: not own.execute("SELECT 1 FROM code_name WHERE code = '999999'").fetchall()
        )


def test_without_the_database_a_browser_is_told_on_a_page(desk: Desk) -> None:
    visitor = desk.operator()
    desk.stack.kill_part("postgres")
    page = visitor.get(PAGE)
    assert (page.status, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert 'data-reason="UNAVAILABLE"' in page.text
    assert page.headers["egov-trace-id"] in page.text
    desk.stack.start_part("postgres")
    wait_for("it is as it was", lambda: visitor.get(PAGE).status == 200)
