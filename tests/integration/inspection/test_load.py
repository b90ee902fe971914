from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.stack import Stack
from services.inspection.load import main
from services.inspection.store.reference import ReferenceStore
from services.kernel.paging import PageRequest
from tests.integration.conftest import Engine

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"


def test_the_sample_city_is_loaded_twice_to_one_end(
    engine_of: Engine, postgres: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of("inspection")
    monkeypatch.setenv("DATABASE_URL_INSPECTION_OWNER", postgres.wiring.database("inspection", True))
    for _ in range(2):
        assert main([str(SAMPLE)]) == 0
    with engine.connect() as connection:
        reference = ReferenceStore(connection)
        assert reference.items(PageRequest(size=5)).next_token
        assert reference.item("FOOD-04")
        assert reference.inspected_types()
