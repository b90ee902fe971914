"""PostgreSQL, Kafka and the README's service, once for all tests of the chassis; each test begins with empty tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.chassis.migrate import migrate
from tests.integration.chassis import permits
from tests.integration.chassis.harness import World
from tests.integration.chassis.servers import SERVICE, Servers


@pytest.fixture(scope="package")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("permits")
    permits.build(folder)
    with Servers() as servers, permits.imported(folder) as modules:
        migrate(SERVICE, servers.postgres.url(f"{SERVICE}_owner", SERVICE))
        # Callers that come at once would each make the gateway's identity anew.
        servers.identities.workload("gateway")
        made = World(servers, modules)
        yield made
        made.close()


@pytest.fixture
def world(shared_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("EGOV_STRICT_TELEMETRY", "1")
    shared_world.clear()
    return shared_world
