"""Clients that never reached Kafka leave nothing open."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kafka.errors import KafkaError

from services.chassis import owntopic, producer
from services.chassis.owntopic import OwnTopic
from services.chassis.producer import Producer
from services.chassis.runtime import BROKERS

TIMES = 3


@pytest.fixture
def nobody() -> Iterator[dict[str, Any]]:
    """How to reach a port at which nobody listens, as if it were a broker's."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        servers = [f"127.0.0.1:{bound.getsockname()[1]}"]
        yield {"bootstrap_servers": servers, "api_version": BROKERS, "metrics_enabled": False}


def produce(config: dict[str, Any]) -> None:
    made = Producer(config, "egov.grid.v1")
    with contextlib.suppress(KafkaError):
        made.ready()
    made.close()


def look(config: dict[str, Any]) -> None:
    with contextlib.suppress(KafkaError), OwnTopic(config, "egov.grid.v1") as topic:
        topic.ends()


@pytest.mark.parametrize("client", [produce, look])
def test_clients_that_were_given_up_leave_no_file_open(
    client: Callable[[dict[str, Any]], None],
    nobody: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owntopic, "CONNECT_MS", 200)
    monkeypatch.setattr(producer, "METADATA_WAIT_MS", 200)
    # pytest keeps what is logged, and with it errors, their frames and sockets.
    caplog.set_level(logging.CRITICAL + 1, "kafka")
    client(nobody)
    # Only the client's own sweep is to free what it left.
    gc.disable()
    try:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(TIMES):
            client(nobody)
        assert len(os.listdir("/proc/self/fd")) == before
    finally:
        gc.enable()
