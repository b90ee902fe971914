"""The browser is fetched whole or not at all, and whoever cannot have it is told why in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.install import BrowserError, Chromium, chromium, try_out

LACKING = "error while loading shared libraries: libnss3.so: cannot open shared object file: No such file or directory"


def test_it_is_fetched_once(program: Chromium) -> None:
    said: list[str] = []
    assert chromium(program.folder.parents[1], said.append) == program
    assert said == []


def test_without_a_network_there_is_a_sentence_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(BrowserError, match=r"could not be fetched, the next run tries again: .*ECONNREFUSED"):
        chromium(tmp_path, lambda text: None)
    assert list((tmp_path / "browser").iterdir()) == []


def test_a_library_that_the_machine_lacks_is_named(tmp_path: Path) -> None:
    made = Chromium(tmp_path)
    made.program.write_text(f"#!/bin/sh\necho '{made.program}: {LACKING}' >&2\nexit 127\n", encoding="utf-8")
    made.program.chmod(0o755)
    with pytest.raises(BrowserError, match=f"on this machine: {LACKING}"):
        try_out(made, tmp_path)
