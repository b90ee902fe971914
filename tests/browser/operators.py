"""Operators at the console: signed in by a link of their own, in a window of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect

from deploy.local.console import link
from deploy.local.stackfile import Stack
from tests.browser import driving
from tests.browser.driving import Faults

# Far longer than a page needs to hear of an event; a busy machine may.
expect.set_options(timeout=driving.PATIENCE_MS)

TOO_WIDE = """() => {
    const {clientWidth, scrollWidth} = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll("body *")].filter(
        (each) => each.getBoundingClientRect().right > clientWidth + 0.5);
    return wide.map((each) => `${each.tagName} ${each.getAttribute("class")}: ${each.textContent.trim().slice(0, 40)}`);
}"""


@contextmanager
def signed_in(browser: Browser, where: Stack, **window: Any) -> Iterator[tuple[Page, Faults]]:
    """An operator's page at the console; `window` as `driving.page` takes it. AssertionError for any fault on it."""
    with driving.page(browser, where.gateway, **window) as (page, faults):
        page.goto(link(where))
        expect(page).to_have_url(f"{where.gateway}/console/")
        yield page, faults


def too_wide(page: Page) -> list[str]:
    """What makes people scroll sideways; nothing where nobody has to."""
    found: list[str] = page.evaluate(TOO_WIDE)
    return found
