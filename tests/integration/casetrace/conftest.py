"""The database of the case trace, without spans and failed calls; the console in a stack of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from services.chassis.database import create_engine
from tests.conftest import RUN, environment
from tests.integration.casetrace.console import Desk, store
from tests.integration.conftest import Engine


@pytest.fixture
def engine(engine_of: Engine) -> Iterator[sa.Engine]:
    """An engine; what was sent is deleted at the end."""
    opened = engine_of("casetrace")
    yield opened
    with opened.begin() as connection:
        connection.exec_driver_sql("DELETE FROM span; DELETE FROM failure; DELETE FROM metric")


@pytest.fixture(scope="package")
def desk() -> Iterator[Desk]:
    """A stack that has the console and what it needs."""
    folder = Path(tempfile.mkdtemp(prefix="egov-console-"))
    folder.chmod(0o755)
    parts = ["postgres", "identity", "casetrace", "gateway"]
    running = Stack(folder / "run", cache=RUN / "cache", only=parts, environment=environment())
    try:
        with running:
            engine = create_engine(running.wiring.database("casetrace"), application="test-console", pool_size=2)
            store(engine)
            yield Desk(running, engine)
            engine.dispose()
    finally:
        running.forget()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def connection(engine_of: Engine) -> Iterator[sa.Connection]:
    """A transaction that is undone at the end."""
    with engine_of("casetrace").connect() as opened:
        yield opened
        opened.rollback()
