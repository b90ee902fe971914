"""The pictures of the console for the README can be taken, and are small."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import screens
from tests.e2e.city import City

LARGEST = 300_000


def test_pictures_of_the_console_are_small_enough_for_a_readme(browser: Browser, city: City, tmp_path: Path) -> None:
    files = screens.shoot(browser, city.where, tmp_path, "en")
    assert [file.stem for file in files] == ["find", "case", "health"]
    assert all(file.stat().st_size < LARGEST for file in files)
