"""What all tests share: the stack, started once, for the tests that ask for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from deploy.local.stack import Stack

RUN = Path(__file__).resolve().parents[1] / ".run"
# Servers that somebody's shell points to are not for tests.
FOREIGN = ("DATABASE_URL_", "KAFKA_", "OTEL_", "SMTP_", "EGOV_")

# Property tests keep nothing on disk and do not fail because a machine is busy.
hypothesis.settings.register_profile("egov", database=None, deadline=None)
hypothesis.settings.load_profile("egov")


def environment() -> Mapping[str, str]:
    """Our own environment without foreign servers and settings; telemetry that is not registered is an error."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    return {**kept, "EGOV_STRICT_TELEMETRY": "1"}


@contextlib.contextmanager
def running_stack(
    request: pytest.FixtureRequest, replicas: Collection[str] = (), settings: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """Every part, really running, on free loopback ports and in a folder of its own, deleted at the end.

    `replicas` names services of which two processes run; `settings` are told to every part. After a failure the logs
    are kept in `.run/test-logs/`.
    """
    from deploy.local.stack import Stack

    # Other accounts may pass: PostgreSQL does not run as root. What is private inside is closed by the stack.
    folder = Path(tempfile.mkdtemp(prefix="egov-test-"))
    folder.chmod(0o755)
    told = {**environment(), **(settings or {})}
    running = Stack(folder / "run", cache=RUN / "cache", environment=told, replicas=replicas)
    keep_logs = True
    try:
        with running:
            yield running
            keep_logs = request.session.testsfailed > 0
    finally:
        if keep_logs and (folder / "run/logs").exists():
            shutil.copytree(folder / "run/logs", RUN / "test-logs" / folder.name)
        running.forget()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack that tests share, started for the first that asks; it ends with the session.

    A test that stops a part starts it again.
    """
    with running_stack(request) as running:
        yield running
