"""What runs beside a service from its start to its stop: something with threads of its own, declared by the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.chassis.runtime import Runtime


class Companion(Protocol):
    """What runs beside."""

    def start(self) -> None:
        """Begin. Raises RuntimeError, OSError for a port that is taken."""
        ...

    def stop(self) -> None:
        """End, with what is in hand done."""
        ...


class BesideProvider(DependencyProvider):
    """Makes the companion with the container, in processes that run this part; workers get it, or None elsewhere."""

    def __init__(self, make: Callable[[Runtime], Companion | None], part: str) -> None:
        self._make = make
        self._part = part
        self._companion: Companion | None = None

    def setup(self) -> None:
        """Make it, unless this process does not run its part, or it is not wanted."""
        runtime = self.container.runtime
        self._companion = self._make(runtime) if self._part in runtime.parts else None

    def start(self) -> None:
        """Let it begin."""
        if self._companion is not None:
            self._companion.start()

    def stop(self) -> None:
        """Let it end."""
        if self._companion is not None:
            self._companion.stop()

    def get_dependency(self, worker_ctx: WorkerContext) -> Companion | None:
        """The companion."""
        return self._companion


def Beside(make: Callable[[Runtime], Companion | None], part: str = "rpc") -> Any:
    """Declare it: `door = Beside(otlp_door)`. `part`: of the parts of a process, the one that it goes with."""
    return BesideProvider(make, part)
