"""Stacks to measure: settings as an installation that is in use has them, and which process counts for which part."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from deploy.local import parts
from deploy.local.client import Gateway
from deploy.local.people import People
from deploy.local.stack import Stack
from tests.conftest import FOREIGN, RUN

# The collector of `make run` is for one machine; who has many calls records a share of the traces.
TRACES = "0.01"
MOST_FILES = 16_384
SERVERS = ("postgres", "kafka")
# What a service of grid's calls needs, and what tokens come from.
GRID_ONLY = ("postgres", "kafka", "collector", "identity", "grid", "gateway")


@contextlib.contextmanager
def running(folder: Path, only: Collection[str] | None = None) -> Iterator[Stack]:
    """A stack below `folder`, with its parts ready; `only` some of them. It is ended and deleted afterwards."""
    stack = stack_in(folder, only)
    try:
        with stack:
            yield stack
    finally:
        stack.forget()


def stack_in(folder: Path, only: Collection[str] | None = None) -> Stack:
    """The same, not started; whoever asks ends it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    environment = {**kept, "EGOV_TRACE_RATIO": TRACES}
    return Stack(folder / "run", cache=RUN / "cache", environment=environment, only=only)


@contextlib.contextmanager
def visiting(stack: Stack) -> Iterator[tuple[Gateway, People]]:
    """The people of the sample city at the gateway of a running stack."""
    where = stack.where()
    gateway = Gateway(where.gateway, where.trust, patience_s=60.0)
    try:
        yield gateway, People(gateway, where)
    finally:
        gateway.close()


def pids(stack: Stack, *names: str) -> list[int]:
    """The first process of each of these parts."""
    children = [stack.part(name).child for name in names]
    return [child.pid for child in children if child is not None and child.pid is not None]


def by_part(stack: Stack, *services: str) -> Mapping[str, Sequence[int]]:
    """What `Meter` takes for a whole stack: the services together, gateway and servers each for itself."""
    whole = {"services": pids(stack, *(services or parts.names()))}
    return whole | {name: pids(stack, name) for name in ("gateway", *SERVERS)}


def allow_many_files() -> None:
    """This process and those it starts may hold thousands of connections."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
