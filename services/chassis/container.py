"""nameko's service container, on OS threads.

nameko gives the service class its dependencies and entrypoints and their setup, start and stop. Its workers do not run
as nameko's `_run_worker` runs them: that answers before the commit, skips teardown when a hook fails and logs exception
texts, which may hold people's data. Here a worker runs on the thread that asks for it, in this order: inject,
`worker_setup`, method, `worker_commit`, `worker_result`, `worker_teardown` (always), then the answer; dependencies in
the order in which the class declares them.

This is the only file that knows of eventlet or of nameko's internals. Nothing is monkey patched, and eventlet's hub
drives nothing: grpcio's core blocks green threads.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, cast

from nameko.containers import ServiceContainer, WorkerContext
from nameko.extensions import DependencyProvider, Entrypoint, Extension

from services.chassis import logs, telemetry
from services.chassis.call import Call, working_on
from services.chassis.operations import Operations
from services.chassis.runtime import Runtime

log = logging.getLogger(__name__)


class Container(ServiceContainer):
    """One service class, bound to the parts that this process runs."""

    def __init__(self, service_cls: type, runtime: Runtime) -> None:
        # The chassis's own service is served by every class, so it is mixed in rather than inherited by hand.
        served = type(service_cls.__name__, (service_cls, Operations), {})
        self.runtime = runtime
        super().__init__(served, {})
        self._declared = tuple(sorted(self.dependencies, key=_order_of(served)))
        self._ended = threading.Event()
        self._active = 0
        self._idle = threading.Condition()

    def start(self) -> None:
        """Set up everything, then start everything: what listens or consumes comes after what it needs."""
        for extension in self._in_order():
            extension.setup()
        for extension in self._in_order():
            extension.start()
        self.started = True

    def stop(self) -> None:
        """End in order: no new work, work in flight to its end, then what the work needed."""
        if not self.started:
            return
        self.started = False
        for extension in reversed(self._in_order()):
            if not isinstance(extension, DependencyProvider):
                _quietly(extension.stop)
        with self._idle:
            self._idle.wait_for(lambda: self._active == 0, timeout=self.runtime.settings.drain_seconds)
        for dependency in reversed(self._declared):
            _quietly(dependency.stop)
        self._ended.set()

    def wait(self) -> None:
        """Block until the container has stopped."""
        self._ended.wait()

    def run_worker(self, entrypoint: Entrypoint, call: Call, args: tuple[Any, ...], **data: Any) -> Any:
        """Do one piece of work on this thread and return what the method returned.

        `data` reaches the dependencies as `worker_ctx.data`, beside `call`. What the method, a hook or the commit
        raises is raised here, after teardown.
        """
        worker_ctx = WorkerContext(self, self.service_cls(), entrypoint, args, {}, data={"call": call, **data})
        with self._idle:
            self._active += 1
        try:
            with working_on(call):
                return self._work(worker_ctx)
        finally:
            with self._idle:
                self._active -= 1
                self._idle.notify_all()

    def _work(self, worker_ctx: WorkerContext) -> Any:
        result: Any = None
        error: BaseException | None = None
        try:
            for dependency in self._declared:
                setattr(worker_ctx.service, dependency.attr_name, dependency.get_dependency(worker_ctx))
            for dependency in self._declared:
                dependency.worker_setup(worker_ctx)
            result = getattr(worker_ctx.service, worker_ctx.entrypoint.method_name)(*worker_ctx.args)
            worker_ctx.entrypoint.method_returned(worker_ctx.data["call"], result)
            self._commit(worker_ctx)
        except Exception as raised:
            error = raised
            raise
        finally:
            self._finish(worker_ctx, result, error)
        return result

    def _commit(self, worker_ctx: WorkerContext) -> None:
        for dependency in self._declared:
            commit: Callable[[WorkerContext], None] | None = getattr(dependency, "worker_commit", None)
            if commit is not None:
                commit(worker_ctx)

    def _finish(self, worker_ctx: WorkerContext, result: Any, error: BaseException | None) -> None:
        exc_info = (type(error), error, error.__traceback__) if error else None
        for dependency in self._declared:
            _quietly(dependency.worker_result, worker_ctx, result, exc_info)
        for dependency in self._declared:
            _quietly(dependency.worker_teardown, worker_ctx)

    def _in_order(self) -> list[Extension]:
        """Dependencies as declared, what they share, then entrypoints by name: the order of setup and start."""
        shared = [extension for extension in self.subextensions if extension not in self.dependencies]
        entrypoints = sorted(self.entrypoints, key=lambda entrypoint: cast(str, entrypoint.method_name))
        return [*self._declared, *entrypoints, *shared]


def _order_of(service_cls: type) -> Callable[[DependencyProvider], int]:
    names = [name for base in reversed(service_cls.__mro__) for name in vars(base)]
    return lambda dependency: names.index(dependency.attr_name)


def _quietly(hook: Callable[..., Any], *args: Any) -> None:
    """A hook that fails must not keep the others from running; its failure is logged without its text."""
    try:
        hook(*args)
    except Exception as error:
        name = getattr(hook, "__qualname__", "hook")
        logs.event(log, logging.ERROR, f"{name} failed", exc_info=True, reason=telemetry.failure(error))
