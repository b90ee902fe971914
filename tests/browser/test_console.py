"""The console in a browser: an operator finds a case, follows it live, in both languages, small, by keys alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.console import link
from tests.browser import driving
from tests.browser.operators import signed_in, too_wide
from tests.e2e.city import COUNTY, City, Json
from tests.e2e.telling import settled
from tests.waiting import wait_for

HANDLING = f"{COUNTY}-CGJ"
NO_SUCH_CASE = "371102-20261123-2000427-X"
PHONE = 360
TITLES = {"en": ("Find cases", "Health"), "zh-CN": ("查找办件", "运行状况")}


@pytest.fixture(scope="module")
def case(city: City) -> Json:
    """An incident that was dispatched, and that the case trace knows all of."""
    incident: Json = city.dispatch(city.file().body["incident"]).body["incident"]
    settled(city, incident["caseNumber"])
    return incident


def test_a_link_signs_in_once_and_leads_to_the_page_that_was_asked_for(
    browser: Browser, city: City, case: Json
) -> None:
    place = f"/console/cases/{case['caseNumber']}"
    with driving.page(browser, city.where.gateway) as (page, faults):
        faults.expect(r"answer: 401 ")
        page.goto(place)
        expect(page.get_by_role("heading", name="Sign in first")).to_be_visible()
        address = link(city.where)
        page.goto(address)
        expect(page).to_have_url(city.where.gateway + place)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in first")).to_be_visible()
        page.goto(address)
        expect(page.get_by_role("alert").first).to_be_visible()


@pytest.mark.parametrize("asked", ["number", "beginning", "department", "incident"])
def test_a_case_is_found_by_what_is_known_of_it(browser: Browser, city: City, case: Json, asked: str) -> None:
    number = case["caseNumber"]
    known = {"number": number, "beginning": number[:-2], "department": HANDLING, "incident": case["incidentId"]}
    with signed_in(browser, city.where) as (page, _):
        search(page, known[asked])
        if asked != "number":
            page.locator(f"[data-case='{number}']").get_by_role("link").first.click()
        expect(page).to_have_url(f"{city.where.gateway}/console/cases/{number}")
        expect(page.get_by_role("heading", level=1)).to_contain_text(number)


def search(page: Page, text: str) -> None:
    box = page.get_by_role("searchbox")
    box.fill(text)
    box.press("Enter")


def test_a_case_shows_who_has_it_what_happened_and_where_the_time_went(
    browser: Browser, city: City, case: Json
) -> None:
    number = case["caseNumber"]
    with signed_in(browser, city.where) as (page, _):
        page.goto(f"/console/cases/{number}")
        expect(page.locator("[data-state]")).to_have_attribute("data-state", "open")
        expect(page.locator(".headline")).to_contain_text("has held it")
        wait_for("every event is shown", lambda: shown(page) == told(city, number))
        page.locator("[data-type$='IncidentDispatched']").get_by_role("link").first.click()
        rows = page.locator("#step tbody tr")
        expect(rows.first).to_have_attribute("data-service", "gateway")
        expect(page.locator("#step tr[data-waited]").first).to_be_visible()


def shown(page: Page) -> list[str | None]:
    """Ids of the events that a case's page lists."""
    return [row.get_attribute("data-event") for row in page.locator(".events > li").all()]


def told(city: City, number: str) -> list[str]:
    """Ids of the case's events."""
    return [event["eventId"] for event in settled(city, number)["events"]]


def test_a_case_that_there_is_not_is_told_of(browser: Browser, city: City) -> None:
    with signed_in(browser, city.where) as (page, faults):
        faults.expect(f"answer: 404 GET .*/console/cases/{NO_SUCH_CASE}")
        page.goto(f"/console/cases/{NO_SUCH_CASE}")
        expect(page.get_by_text("CASE_NOT_FOUND")).to_be_visible()


def test_what_happens_is_seen_without_loading_the_page_again(browser: Browser, city: City) -> None:
    incident = city.file().body["incident"]
    number = incident["caseNumber"]
    settled(city, number)
    with signed_in(browser, city.where) as (page, _):
        page.goto(f"/console/cases/{number}")
        page.evaluate("window.loaded = 'once'")
        page.locator(".events summary").first.click()
        for step, event in ((city.dispatch, "IncidentDispatched"), (city.accept, "IncidentAccepted")):
            incident = step(incident).body["incident"]
            expect(page.locator(f"[data-type$='.{event}']")).to_be_visible()
        # What was open stays open.
        expect(page.locator(".events details").first).to_have_attribute("open", "")
        assert page.evaluate("window.loaded") == "once"


@pytest.mark.parametrize("language", TITLES)
def test_both_languages_say_everything(browser: Browser, city: City, case: Json, language: str) -> None:
    find, health = TITLES[language]
    with signed_in(browser, city.where, language=language) as (page, _):
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.get_by_role("navigation").get_by_text(health)).to_be_visible()
        expect(page).to_have_title(re.compile(find))
        page.goto(f"/console/cases/{case['caseNumber']}")
        page.locator("a[rel=alternate]").click()
        other = next(each for each in TITLES if each != language)
        expect(page.locator("html")).to_have_attribute("lang", other)
        page.goto("/console/")
        expect(page.locator("html")).to_have_attribute("lang", other)


@pytest.mark.parametrize("language", TITLES)
def test_on_a_phone_nobody_scrolls_sideways(browser: Browser, city: City, case: Json, language: str) -> None:
    number = case["caseNumber"]
    places = ["", f"?q={HANDLING}", "health", "help", f"cases/{number}",
              f"cases/{number}?event={told(city, number)[0]}"]  # fmt: skip
    with signed_in(browser, city.where, language=language, width=PHONE) as (page, _):
        for place in places:
            page.goto(f"/console/{place}")
            assert too_wide(page) == [], place
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            assert too_wide(page) == [], f"{place}, with everything open"


def test_keys_alone_lead_from_the_search_to_a_step_and_back(browser: Browser, city: City, case: Json) -> None:
    with signed_in(browser, city.where) as (page, _):
        keys = page.keyboard
        keys.press("/")
        expect(page.get_by_role("searchbox")).to_be_focused()
        keys.type(case["caseNumber"][:-2])
        keys.press("Enter")
        expect(page.locator(f"[data-case='{case['caseNumber']}']")).to_be_visible()
        keys.press("j")
        expect(page.locator("[data-stop]").first).to_be_focused()
        keys.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text(case["caseNumber"])
        keys.press("j")
        keys.press("j")
        expect(page.locator(".events [data-stop]").nth(1)).to_be_focused()
        keys.press("Enter")
        expect(page.locator("#step")).to_be_visible()
        keys.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        keys.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_first_tab_skips_to_the_content(browser: Browser, city: City) -> None:
    with signed_in(browser, city.where) as (page, _):
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
