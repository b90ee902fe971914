from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.stack import Stack
from services.grid.load import main
from services.grid.store.reference import ReferenceStore
from services.kernel.paging import PageRequest
from tests.integration.conftest import Engine
from tests.unit.fakes import NOW

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"


def test_the_sample_city_is_loaded_twice_to_one_end(
    engine_of: Engine, postgres: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of("grid")
    monkeypatch.setenv("DATABASE_URL_GRID_OWNER", postgres.wiring.database("grid", True))
    for _ in range(2):
        assert main([str(SAMPLE)]) == 0
    with engine.connect() as connection:
        reference = ReferenceStore(connection)
        assert reference.types(PageRequest(size=5), NOW).next_token
        assert reference.rules_for("371102001001", NOW)
        assert reference.centre_of("371102") == "371102-ZHZX"
