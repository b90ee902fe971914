"""Timers: work by the clock, a thread each.

A run has a unit of work of its own, which begins at its first use and is committed when the method returns. Rows are
claimed one by one (`SKIP LOCKED` and the version), so that runs of several replicas may overlap without harm.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from nameko.extensions import SharedExtension

from services.chassis import logs, telemetry
from services.chassis.call import Call

if TYPE_CHECKING:
    from services.chassis.entrypoints import Every

log = logging.getLogger(__name__)

LONGEST_RUN_S = 300.0


class Timers(SharedExtension):
    """Runs the `@every` methods of a service class."""

    def __init__(self) -> None:
        self._methods: list[Every] = []

    def declare(self, entrypoint: Every) -> None:
        """Add a method."""
        self._methods.append(entrypoint)

    def start(self) -> None:
        """Begin; the first run is at once."""
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(method,), name=f"timer {method.method_name}", daemon=True)
            for method in self._methods
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the runs in hand."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(self.container.runtime.settings.drain_seconds)

    def _run(self, method: Every) -> None:
        while not self._stopping.is_set():
            more = not self.container.runtime.restored.is_set() and self._run_once(method)
            if not more:
                self._stopping.wait(method.seconds)

    def _run_once(self, method: Every) -> bool:
        """One run; True when the method says that there is more."""
        call = Call(kind="timer", name=method.method_name, deadline=time.monotonic() + LONGEST_RUN_S)
        with telemetry.span(f"timer {method.method_name}", attributes={"egov.timer.name": method.method_name}):
            try:
                return bool(self.container.run_worker(method, call, ()))
            except Exception as error:
                reason = telemetry.failure(error)
                logs.event(log, logging.ERROR, "timer failed", exc_info=True, timer=method.method_name, reason=reason)
                return False
