"""The database of the case trace, without spans and failed calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.integration.conftest import Engine


@pytest.fixture
def engine(engine_of: Engine) -> Iterator[sa.Engine]:
    """An engine; what was sent is deleted at the end."""
    opened = engine_of("casetrace")
    yield opened
    with opened.begin() as connection:
        connection.exec_driver_sql("DELETE FROM span; DELETE FROM failure; DELETE FROM metric")
