"""An event that nobody could take, in a browser: seen in its case, tried again on the Health page, seen taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect

from tests.browser.operators import signed_in, too_wide
from tests.e2e.city import City

WHY = "the handler was mended"
PHONE = 360


@contextmanager
def failing(city: City, service: str) -> Iterator[None]:
    """The service can take no event meanwhile."""
    city.stack.restart_part(service, {"EGOV_FAULTPOINTS": "consumer.in_handler=raise@*"})
    try:
        yield
    finally:
        city.stack.restart_part(service, {"EGOV_FAULTPOINTS": ""})


def test_a_parked_event_is_seen_in_its_case_tried_again_and_seen_taken(browser: Browser, city: City) -> None:
    incident = city.file().body["incident"]
    case = f"/console/cases/{incident['caseNumber']}"
    with signed_in(browser, city.where, width=PHONE) as (page, _):
        with failing(city, "inspection"):
            city.dispatch(incident)
            page.goto(case)
            # It is tried again some times; the page tells when it is given up.
            trouble = page.locator("[data-trouble='parked']")
            expect(trouble).to_contain_text("HANDLER_FAILED")
            assert too_wide(page) == []
        trouble.get_by_role("link").click()
        form = page.locator("form[data-act='retry']")
        form.get_by_role("textbox").fill(WHY)
        assert too_wide(page) == []
        form.get_by_role("button").click()
        expect(page.locator("[data-done='retry']")).to_be_visible()
        page.goto(case)
        expect(page.locator("[data-trouble]")).to_have_count(0)
        expect(page.locator("[data-type$='.EventResumed']")).to_be_visible()


def test_the_health_page_has_a_card_for_every_service(browser: Browser, city: City) -> None:
    with signed_in(browser, city.where) as (page, _):
        page.goto("/console/health")
        for service in ("certificates", "grid", "identity", "inspection", "notification"):
            expect(page.locator(f"#service-{service}")).to_have_attribute("data-state", "up")
