"""A browser, and pages of it on which nothing may go wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from deploy.local.stack import Stack
from tests.browser import driving
from tests.browser.install import Chromium, chromium
from tests.conftest import RUN
from tests.e2e.city import City


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Chromium:
    """The browser's program; fetched on first use."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{text}", flush=True)

    return chromium(RUN / "cache", say)


@pytest.fixture(scope="package")
def driver() -> Iterator[Playwright]:
    """What drives browsers."""
    with driving.driver() as running:
        yield running


@pytest.fixture(scope="package")
def city(stack: Stack) -> Iterator[City]:
    """The sample city on the stack that all tests share. A test that stops a part starts it again."""
    with City(stack) as city:
        yield city


@pytest.fixture(scope="package")
def browser(driver: Playwright, program: Chromium, city: City) -> Iterator[Browser]:
    """A browser that trusts the gateway."""
    with driving.browser(driver, program, driving.pin(city.where.gateway, city.where.trust)) as running:
        yield running
