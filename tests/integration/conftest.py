"""For tests of stores a PostgreSQL of their own, empty and migrated; for tests of services a door and tokens."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy.local.client import Gateway
from deploy.local.people import People
from deploy.local.stack import Stack
from services.chassis.database import create_engine
from services.chassis.migrate import migrate
from tests.conftest import RUN, environment

Engine = Callable[[str], sa.Engine]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Stack]:
    """A stack of nothing but PostgreSQL, with a database for every service."""
    folder = Path(tempfile.mkdtemp(prefix="egov-stores-"))
    folder.chmod(0o755)
    running = Stack(folder / "run", cache=RUN / "cache", only=["postgres"], environment=environment())
    try:
        with running:
            yield running
    finally:
        running.forget()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def engine_of(postgres: Stack) -> Iterator[Engine]:
    """An engine into a service's migrated database, as the service."""
    engines: dict[str, sa.Engine] = {}

    def engine(service: str) -> sa.Engine:
        if service not in engines:
            migrate(service, postgres.wiring.database(service, owner=True))
            url = postgres.wiring.database(service, owner=False)
            engines[service] = create_engine(url, application=f"test-{service}", pool_size=4)
        return engines[service]

    yield engine
    for opened in engines.values():
        opened.dispose()


@pytest.fixture(params=["fake", "postgres"])
def backing(request: pytest.FixtureRequest) -> str:
    """Which store a test of a store runs against."""
    return str(request.param)


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Iterator[Gateway]:
    """The JSON door of the stack that all tests share."""
    opened = Gateway(stack.where().gateway, stack.where().trust)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def people(stack: Stack, gateway: Gateway) -> People:
    """The people of the sample city, as sources of tokens."""
    return People(gateway, stack.where())
