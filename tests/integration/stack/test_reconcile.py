"""`make reconcile` on the running stack."""

from __future__ import annotations

import pytest

from deploy.local import reconcile
from deploy.local.stack import Stack


def test_a_service_that_was_not_set_back_has_nothing_to_reconcile(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EGOV_RUN", str(stack.places.run))
    assert reconcile.main(["grid"]) == 0
    assert "there is nothing to reconcile" in capfd.readouterr().out
