"""For tests that commit: a database without incidents, and none left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.integration.conftest import Engine
from tests.integration.grid.desk import empty


@pytest.fixture
def engine(engine_of: Engine) -> Iterator[sa.Engine]:
    """Grid's database."""
    opened = engine_of("grid")
    empty(opened)
    yield opened
    empty(opened)
