"""nameko's service container, on OS threads.

nameko gives the service class its dependencies and entrypoints and their setup, start and stop. Its workers do not run
as nameko's `_run_worker` runs them: that answers before the commit, skips teardown when a hook fails and logs exception
texts, which may hold people's data. Here a worker runs on the thread that asks for it, in this order: inject,
`worker_setup`, method, `worker_commit`, `worker_result`, `worker_teardown` (always), then the answer; dependencies in
the order in which the class declares them.

This is the only file that knows of eventlet (but for a setting in `__init__`) or of nameko's internals. Nothing is
monkey patched, and eventlet's hub drives nothing: grpcio's core blocks green threads.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from nameko.containers import ServiceContainer, WorkerContext
from nameko.extensions import DependencyProvider, Entrypoint, Extension, iter_extensions

from services.chassis import logs, telemetry
from services.chassis.call import Call, working_on
from services.chassis.denials import Denials
from services.chassis.operations import Operations
from services.chassis.runtime import Runtime

log = logging.getLogger(__name__)


class Container(ServiceContainer):
    """One service class, bound to the parts that this process runs."""

    def __init__(self, service_cls: type, runtime: Runtime) -> None:
        # What every class does for the chassis is mixed in rather than inherited by hand.
        served = type(service_cls.__name__, (service_cls, Operations, Denials), {})
        self.runtime = runtime
        super().__init__(served, {})
        self._declared = tuple(sorted(self.dependencies, key=_order_of(served)))
        self._working = _distinct(_with_shared(sorted(self.entrypoints, key=_method_name)))
        self._needed = [needed for needed in _distinct(_with_shared(self._declared)) if needed not in self._working]
        self._running: list[Extension] = []
        self._ended = threading.Event()
        self._active = 0
        self._idle = threading.Condition()

    def start(self) -> None:
        """Set up everything, then start everything: what listens or consumes comes after what it needs."""
        in_order = [*self._needed, *self._working]
        for extension in in_order:
            extension.setup()
        for extension in in_order:
            # Noted first, so that `stop` ends also one that got half way.
            self._running.append(extension)
            extension.start()
        self.started = True

    def stop(self) -> None:
        """End what was started, in the opposite order: no new work, work in flight to its end, what the work needed."""
        self.started = False
        drained = False
        while self._running:
            extension = self._running.pop()
            if not drained and extension in self._needed:
                self._drain()
                drained = True
            _quietly(extension.stop)
        self._ended.set()

    def _drain(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: self._active == 0, timeout=self.runtime.settings.drain_seconds)

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
        except BaseException as raised:
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


def _with_shared(extensions: Iterable[Extension]) -> Iterator[Extension]:
    """Each extension, and behind it those that it declares itself, such as the server that all entrypoints share."""
    for extension in extensions:
        yield extension
        yield from iter_extensions(extension)


def _distinct(extensions: Iterable[Extension]) -> list[Extension]:
    return list(dict.fromkeys(extensions))


def _method_name(entrypoint: Entrypoint) -> str:
    return cast(str, entrypoint.method_name)


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
