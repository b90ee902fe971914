"""The console on real parts: PostgreSQL, identity, the case trace and the gateway; no events come in by themselves."""

from __future__ import annotations

import dataclasses
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from deploy.local import console
from deploy.local.stack import Stack
from observability.casetrace.domain.facts import Fact
from observability.casetrace.store.cases import CaseStore
from observability.casetrace.store.effects import EffectStore
from observability.casetrace.store.events import EventStore
from observability.casetrace.usecases import take_events
from services.chassis.database import create_engine
from tests.conftest import RUN, environment
from tests.unit.casetrace.samples import CASE, at, course, effect, event_id
from tests.visitor import Page, Visitor
from tests.waiting import wait_for

ELSEWHERE = "370202-20261123-2000428-0"
PAGE = f"/console/cases/{CASE}"
OLD_RIGHTS = "UPDATE console_session SET rights_at = now() - interval '6 minutes'"


@dataclass
class Desk:
    """The running parts, and who sits in front of them."""

    stack: Stack
    engine: sa.Engine

    def visitor(self, language: str = "en") -> Visitor:
        where = self.stack.where()
        return Visitor(where.gateway, where.trust, language)

    def link(self) -> str:
        return console.link(self.stack.where())

    def operator(self, language: str = "en") -> Visitor:
        """Signed in; whoever comes as often as these tests do is asked to wait, and does."""
        visitor = self.visitor(language)
        wait_for("somebody is let in", lambda: visitor.follow(self.link()).status == 200, every_s=1.0)
        return visitor

    def rows(self, service: str, statement: str, *values: object) -> list[Any]:
        with self.stack.database(service) as connection:
            return connection.execute(statement, values).fetchall()

    def change(self, service: str, statement: str) -> None:
        with self.stack.database(service) as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    folder = Path(tempfile.mkdtemp(prefix="egov-console-"))
    folder.chmod(0o755)
    parts = ["postgres", "identity", "casetrace", "gateway"]
    running = Stack(folder / "run", cache=RUN / "cache", only=parts, environment=environment())
    try:
        with running:
            engine = create_engine(running.wiring.database("casetrace"), application="test-console", pool_size=2)
            store(engine)
            yield Desk(running, engine)
            engine.dispose()
    finally:
        running.forget()
        shutil.rmtree(folder, ignore_errors=True)


def store(engine: sa.Engine) -> None:
    """The sample case with two troubles, moved to end an hour ago; and a case of another city."""
    shift = datetime.now(UTC) - timedelta(hours=1) - at(5)
    facts = [moved(each, shift, number) for number, each in enumerate(course()) if each.at <= at(5)]
    filed, dispatched = facts[0], facts[1]
    foreign = dataclasses.replace(filed, id=event_id(99, filed.at), case_number=ELSEWHERE, region="370202")
    with engine.begin() as connection:
        take_events(EventStore(connection), CaseStore(connection), [*facts, foreign])
        EffectStore(connection).keep(
            [
                effect(filed.id, "taken", decided_at=filed.at),
                effect(dispatched.id, "parked", event_type=dispatched.type, reason="UNAVAILABLE", attempts=8),
                effect(dispatched.id, "refused", consumer="another", event_type=dispatched.type, reason="CASE_CLOSED"),
            ]
        )


def moved(fact: Fact, shift: timedelta, number: int) -> Fact:
    later = fact.at + shift
    return dataclasses.replace(
        fact,
        id=event_id(number, later),
        at=later,
        deadline=fact.deadline + shift if fact.deadline else None,
    )


def words_of(page: Page) -> str:
    """What a reader sees, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2]).split())


def test_without_a_session_a_page_says_how_to_get_in_and_one_comes_back(desk: Desk) -> None:
    visitor = desk.visitor()
    page = visitor.get(f"{PAGE}?event=x")
    assert page.status == 401
    assert "make console" in page.text and "需要登录" in page.text and "Sign in first" in page.text
    signed = visitor.get(desk.link())
    assert (signed.status, signed.place) == (303, f"{PAGE}?event=x")
    assert visitor.follow(signed.place).status == 200


def test_a_ticket_is_good_once(desk: Desk) -> None:
    link = desk.link()
    assert desk.visitor().get(link).status == 303
    again = desk.visitor().get(link)
    assert again.status == 401
    assert "The sign-in link was used before." in again.text


def test_a_bad_ticket_opens_nothing(desk: Desk) -> None:
    page = desk.visitor().get("/console/sign-in?ticket=a.b.c")
    assert page.status == 401
    assert "The sign-in link is not valid." in page.text and not page.headers["set-cookie"]


def test_a_ticket_for_somebody_whom_identity_does_not_know_is_refused(desk: Desk) -> None:
    key = desk.stack.where().key_of("rizhao-ops")
    ticket = console.ticket(key, "rizhao-ops", "nobody@371100-DSJ")
    page = desk.visitor().get(f"/console/sign-in?ticket={ticket}")
    assert page.status == 401
    assert "Identity does not let this operator in." in page.text


def test_the_cookie_is_for_this_address_alone_and_its_secret_is_not_kept(desk: Desk) -> None:
    page = desk.visitor().get(desk.link())
    (cookie,) = [line for line in page.headers.get_all("set-cookie") or () if line.startswith("__Host-casetrace=")]
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    secret = cookie.partition("=")[2].partition(";")[0]
    kept = desk.rows("casetrace", "SELECT console_session::text FROM console_session")
    assert kept and not any(secret in row[0] for row in kept)


def test_signing_out_ends_the_session_everywhere(desk: Desk) -> None:
    visitor = desk.operator()
    cookies, page = dict(visitor.cookies), visitor.get("/console/")
    assert visitor.send("/console/sign-out", {"form_token": page.form_token}).status == 303
    visitor.cookies = cookies
    assert visitor.get("/console/").status == 401


def test_a_form_must_be_of_the_session(desk: Desk) -> None:
    visitor, other = desk.operator(), desk.operator()
    mine, theirs = visitor.get("/console/").form_token, other.get("/console/").form_token
    assert visitor.send("/console/sign-out", {"form_token": theirs}).status == 403
    assert visitor.send("/console/sign-out", {}).status == 403
    assert visitor.send("/console/sign-out", {"form_token": mine}, origin="https://evil.example").status == 403
    assert visitor.get("/console/").status == 200


def test_rights_are_asked_for_again_and_while_identity_is_away_one_reads_on(desk: Desk) -> None:
    visitor = desk.operator()
    desk.stack.stop_part("identity")
    try:
        assert "Identity cannot be asked" not in visitor.get(PAGE).text
        desk.change("casetrace", OLD_RIGHTS)
        page = visitor.get(PAGE)
        assert page.status == 200
        assert "Identity cannot be asked right now" in page.text
    finally:
        desk.stack.start_part("identity")
    wait_for("identity is asked again", lambda: "Identity cannot be asked" not in visitor.get(PAGE).text, every_s=0.5)


def test_who_loses_their_rights_is_signed_out(desk: Desk) -> None:
    visitor = desk.operator()
    desk.change("identity", "UPDATE staff SET active = false WHERE login = 'operator'")
    try:
        desk.change("casetrace", OLD_RIGHTS)
        assert wait_for("the session has ended", lambda: visitor.get(PAGE).status == 401, every_s=0.5)
    finally:
        desk.change("identity", "UPDATE staff SET active = true WHERE login = 'operator'")
    assert visitor.get(PAGE).status == 401


def test_who_is_shut_out_is_signed_out_at_the_next_look(desk: Desk) -> None:
    visitor = desk.operator()
    (row,) = desk.rows("casetrace", "SELECT subject FROM console_session ORDER BY ends_at DESC LIMIT 1")
    desk.change("casetrace", f"INSERT INTO chassis.denied VALUES ('person', '{row[0]}', now())")
    try:
        wait_for("the session has ended", lambda: visitor.get(PAGE).status == 401, every_s=0.5)
    finally:
        desk.change("casetrace", "DELETE FROM chassis.denied")
    assert visitor.get(PAGE).status == 401
    wait_for("they are let in again", lambda: desk.visitor().follow(desk.link()).status == 200, every_s=0.5)


def test_a_page_asks_for_the_scope_of_its_method(desk: Desk) -> None:
    visitor = desk.operator()
    desk.change("casetrace", "UPDATE console_session SET scopes = ARRAY['operations.read']")
    page = visitor.get(PAGE)
    assert page.status == 403
    assert "SCOPE_MISSING" in page.text and "casetrace.cases.read" in page.text


def test_a_session_ends_by_itself(desk: Desk) -> None:
    visitor = desk.operator()
    desk.change("casetrace", "UPDATE console_session SET ends_at = now()")
    assert visitor.get(PAGE).status == 401


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
