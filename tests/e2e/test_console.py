"""The console on the whole stack: an operator with a browser, from a link to what happened to a case."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest

from deploy.local import console
from tests.e2e.city import COUNTY, VILLAGE, City, Json
from tests.visitor import Page, Visitor
from tests.waiting import wait_for

HANDLING = f"{COUNTY}-CGJ"


@pytest.fixture(scope="module")
def visitor(city: City) -> Visitor:
    """The sample city's operator, signed in."""
    browser = Visitor(city.where.gateway, city.where.trust)
    assert browser.follow(console.link(city.where)).status == 200
    return browser


@pytest.fixture(scope="module")
def incident(city: City) -> Json:
    """One that was filed and dispatched."""
    made: Json = city.dispatch(city.file().body["incident"]).body["incident"]
    return made


def shown(visitor: Visitor, number: str, *texts: str) -> Page:
    """The page of a case, once it says all of this."""

    def page() -> Page | None:
        found = visitor.get(f"/console/cases/{number}")
        return found if found.status == 200 and all(text in found.text for text in texts) else None

    found = wait_for(f"the page says {texts}", page, every_s=0.5)
    assert found is not None
    return found


def test_without_a_session_there_is_nothing_to_see(city: City, incident: Json) -> None:
    for place in ("", "health", f"cases/{incident['caseNumber']}", "cases/x/traces/y", "nothing"):
        page = Visitor(city.where.gateway, city.where.trust).get(f"/console/{place}")
        assert page.status == 401
        assert incident["caseNumber"] not in page.text


def test_a_link_signs_in_once(city: City) -> None:
    link = console.link(city.where)
    first, second = (Visitor(city.where.gateway, city.where.trust) for _ in range(2))
    assert first.get(link).status == 303
    assert second.get(link).status == 401
    assert first.get("/console/").status == 200


def test_a_link_that_another_member_signed_opens_nothing(city: City) -> None:
    ticket = console.ticket(city.where.key_of("rizhao-office"), "rizhao-ops", console.OPERATOR)
    assert Visitor(city.where.gateway, city.where.trust).get(f"/console/sign-in?ticket={ticket}").status == 401


def test_the_bare_address_leads_in(city: City) -> None:
    page = Visitor(city.where.gateway, city.where.trust).get("/console")
    assert (page.status, page.place) == (308, f"{city.where.gateway}/console/")


def test_the_page_of_a_case_says_what_happened(visitor: Visitor, incident: Json) -> None:
    # Names are read from identity within seconds of a first start.
    told = ("Incident dispatched", 'data-outcome="taken"', "Donggang District Urban Management")
    page = shown(visitor, incident["caseNumber"], *told)
    assert 'data-state="open"' in page.text
    assert "data-due" in page.text


def test_a_step_shows_where_its_time_went(visitor: Visitor, incident: Json) -> None:
    number = incident["caseNumber"]
    event = re.findall(r'data-event="([^"]+)" data-type="egov.grid.v1.IncidentFiled"', shown(visitor, number).text)[0]

    def whole() -> Page | None:
        page = visitor.get(f"/console/cases/{number}?event={event}")
        return page if 'data-waited="at the broker"' in page.text and 'data-service="gateway"' in page.text else None

    page = wait_for("the step is told with its waits", whole, every_s=0.5)
    assert page is not None
    (document,) = re.findall(r'href="([^"]+)" download', page.text)
    assert "resourceSpans" in visitor.get(html.unescape(document)).text


@pytest.mark.parametrize("of", ["number", "holder", "name", "incident"])
def test_a_case_is_found_by_what_is_known_of_it(visitor: Visitor, incident: Json, of: str) -> None:
    number = incident["caseNumber"]
    typed = {"number": number[:-4], "holder": HANDLING, "name": "东港区城管", "incident": incident["incidentId"]}[of]
    wait_for(
        f"it is found by {typed}",
        lambda: f'data-case="{number}"' in visitor.get(f"/console/?q={quote(typed)}").text,
        every_s=0.5,
    )


def test_a_case_of_another_city_is_not_found(city: City, visitor: Visitor) -> None:
    number = city.file().case_number
    shown(visitor, number)
    with city.stack.database("casetrace") as own:
        own.execute("UPDATE case_file SET region = '370202001001' WHERE case_number = %s", (number,))
        try:
            page = visitor.get(f"/console/cases/{number}")
            assert (page.status, "CASE_NOT_FOUND" in page.text) == (404, True)
            assert f'data-case="{number}"' not in visitor.get(f"/console/?q={number[:-1]}").text
        finally:
            own.execute("UPDATE case_file SET region = %s WHERE case_number = %s", (VILLAGE, number))
