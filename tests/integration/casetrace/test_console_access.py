"""Who is signed in to the console, for how long, and with which rights."""

from __future__ import annotations

from deploy.local import console
from tests.integration.casetrace.console import PAGE, Desk
from tests.waiting import wait_for

OLD_RIGHTS = "UPDATE console_session SET rights_at = now() - interval '6 minutes'"


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
