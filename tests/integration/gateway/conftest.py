"""One Envoy and one catalogue for the tests of this folder; tests that need other settings start their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .catalogue_process import catalogue
from .stack import Stack, envoy, free_port, prepared, settings, wait_until


@pytest.fixture(scope="session")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stand-ins, without Envoy."""
    folder = Path(tmp_path_factory.mktemp("gateway"))
    stack = prepared(folder)
    yield stack
    for service in stack.services.values():
        service.stop()
    stack.door.stop()
    stack.spans.stop()


@pytest.fixture(scope="session")
def running(behind: Stack) -> Iterator[Stack]:
    """Envoy and catalogue, once for all tests."""
    ports = {name: free_port() for name in ("rpc", "http", "admin")}
    places = {f"catalogue_{name}": f"127.0.0.1:{ports[name]}" for name in ("rpc", "http")}
    changes = {"cors_origins": ["https://app.example"], "call_seconds": 2.0}
    values = settings(behind, **places, **changes)
    with catalogue(behind, ports), envoy(behind, values) as stack:
        wait_until(lambda: stack.door.fetches > 0)
        yield stack


@pytest.fixture
def gateway(running: Stack) -> Stack:
    """The running stack with nothing scripted and nothing received."""
    for service in running.services.values():
        service.answers.clear()
        service.calls.clear()
    return running
