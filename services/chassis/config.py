"""The service's own settings, as a dependency: `config = Config(GridSettings)`."""

from __future__ import annotations

from typing import TypeVar, cast

from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

T = TypeVar("T")


class ConfigProvider(DependencyProvider):
    """Gives each worker the settings that `run` read at start."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def get_dependency(self, worker_ctx: WorkerContext) -> object:
        """The settings object."""
        return self.container.runtime.service_settings


def Config(kind: type[T]) -> T:
    """Declare the settings of a service class. Inside a worker it is the filled settings object."""
    return cast(T, ConfigProvider(kind))
