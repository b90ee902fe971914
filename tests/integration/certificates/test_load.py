from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.stack import Stack
from services.certificates.load import main
from services.certificates.store.reference import ReferenceStore
from services.kernel.paging import PageRequest
from tests.integration.conftest import Engine

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"


def test_the_sample_city_is_loaded_twice_to_one_end(
    engine_of: Engine, postgres: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of("certificates")
    monkeypatch.setenv("DATABASE_URL_CERTIFICATES_OWNER", postgres.wiring.database("certificates", True))
    for _ in range(2):
        assert main([str(SAMPLE)]) == 0
    with engine.connect() as connection:
        reference = ReferenceStore(connection)
        assert reference.types(PageRequest(size=5)).next_token
        food = reference.type_of("11100000MB0328832T014")
        assert food
        assert food.in_force
        assert reference.issuer_code("371102-SCJG")
        assert food.code in reference.open_to("SCJG", 2)
