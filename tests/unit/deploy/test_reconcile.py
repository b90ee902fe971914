"""`make reconcile` finds the owner of a service's database."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.reconcile import main, owner_url

URL = "postgresql://grid:{password}@127.0.0.1:5432/grid?sslmode=verify-full"


def secrets(run: Path) -> None:
    (run / "secrets").mkdir()
    (run / "secrets/postgres-grid").write_text("own", "ascii")
    (run / "secrets/postgres-grid_owner").write_text("owners", "ascii")


def test_the_owner_of_a_database_that_the_stack_made(tmp_path: Path) -> None:
    secrets(tmp_path)
    owners = "postgresql://grid_owner:owners@127.0.0.1:5432/grid?sslmode=verify-full"
    assert owner_url(URL.format(password="own"), "grid", tmp_path) == owners


def test_an_existing_database_is_taken_as_it_is(tmp_path: Path) -> None:
    existing = URL.format(password="elsewhere")
    assert owner_url(existing, "grid", tmp_path) == existing
    secrets(tmp_path)
    assert owner_url(existing, "grid", tmp_path) == existing


def test_without_a_running_stack_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EGOV_RUN", str(tmp_path))
    assert main(["grid"]) == 1
    assert "no stack runs here" in capsys.readouterr().err
