"""The lines that need a stack: whole cases, the gateway, many rows, several processes, the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench.measure import Opened
from tests.bench.stack_chain import chain
from tests.bench.stack_gateway import gateway
from tests.bench.stack_replicas import replicas
from tests.bench.stack_size import size
from tests.bench.stack_start import start

LINES: Mapping[str, Callable[[Path], Opened]] = {
    "chain": chain,
    "gateway": gateway,
    "size": size,
    "replicas": replicas,
    "start": start,
}
