from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from services.grid.load import main
from services.grid.store.reference import ReferenceStore
from services.kernel.paging import PageRequest
from tests.integration.conftest import Engine

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"


def test_the_sample_city_is_loaded_twice_to_one_end(
    engine_of: Engine, postgres: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of("grid")
    monkeypatch.setenv("DATABASE_URL_GRID_OWNER", postgres.wiring.database("grid", True))
    for _ in range(2):
        assert main([str(SAMPLE)]) == 0
    # What another test has catalogued before is in force until now.
    now = datetime.now(UTC)
    with engine.connect() as connection:
        reference = ReferenceStore(connection)
        assert reference.types(PageRequest(size=5), now).next_token
        assert reference.rules_for("371102001001", now)
        assert reference.centre_of("371102") == "371102-ZHZX"
