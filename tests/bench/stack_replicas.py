"""Line `replicas`: one, two and three processes of grid behind clients that ask them in turn."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local import parts
from deploy.local.children import Child, answers, wait_until
from deploy.local.people import People
from deploy.local.stack import Stack
from tests.bench.direct import closed_loop, grid_at, in_turns
from tests.bench.measure import Line, Meter, Sample, Side, Told
from tests.bench.stacks import GRID_ONLY, pids, running, visiting
from tests.e2e.city import COUNTY

MOST = 3
SECONDS, AT_A_TIME, READY_S, STOP_S = 5.0, 12, 60.0, 15.0
# Calls to each process before it counts: it has the keys of tokens and its statements then.
WARM = 20
MOST_MORE = 1.15
GRID = next(service for service in parts.SERVICES if service.name == "grid")
TITLE = f"grid in 1 to {MOST} processes, a read and a change in turns, {AT_A_TIME} at a time, straight by gRPC"


@dataclass(slots=True)
class Replicas:
    """The stack's own process of grid, and further ones that are started and stopped as they are asked for."""

    stack: Stack
    people: People
    more: list[Child]

    def measure(self, processes: int) -> Sample:
        """Calls with so many processes, none beside them."""
        self._have(processes)
        addresses = [self.stack.ports.address(f"{name}-rpc") for name in _names()[:processes]]
        with grid_at(self.stack, addresses) as grid:
            filed = grid.file(self.people.citizens).incident_id
            call = in_turns(grid.reads([filed], self.people.seat(COUNTY)), grid.files(self.people.citizens))
            for _ in range(WARM * processes):
                call()
            with Meter({"grid": self._grid(), "postgres": pids(self.stack, "postgres")}) as meter:
                sample = closed_loop(call, SECONDS, AT_A_TIME)
        return replace(sample, cpu_s=meter.cpu_s)

    def end(self) -> None:
        """Stop all but the stack's own."""
        self._have(1)

    def _have(self, processes: int) -> None:
        while len(self.more) < processes - 1:
            self._start(_names()[len(self.more) + 1])
        while len(self.more) > processes - 1:
            self.more.pop().stop(STOP_S)

    def _start(self, name: str) -> None:
        stack = self.stack
        child = Child(
            [sys.executable, "-m", "services.chassis.run", GRID.name],
            env=stack.wiring.service(GRID, name),
            log=stack.places.folder("logs") / f"{name}.log",
            stop_signal=signal.SIGTERM,
            cwd=stack.places.run,
        )
        child.start()
        self.more.append(child)
        ready = f"http://{stack.ports.address(f'{name}-admin')}/readyz"
        assert wait_until(lambda: answers(ready), READY_S), f"{name} was not ready: {child.last_lines()}"

    def _grid(self) -> list[int]:
        return [*pids(self.stack, GRID.name), *(child.pid for child in self.more if child.pid is not None)]


@contextlib.contextmanager
def replicas(folder: Path) -> Iterator[Line]:
    """Grid and what it needs; further processes come and go with the sides."""
    with running(folder, GRID_ONLY) as stack, visiting(stack) as (_, people):
        several = Replicas(stack, people, [])
        try:
            yield Line("replicas", TITLE, [_side(several, number) for number in range(1, MOST + 1)], _tells())
        finally:
            several.end()


def _names() -> list[str]:
    return [GRID.name, *(f"{GRID.name}-{number}" for number in range(2, MOST + 1))]


def _side(several: Replicas, processes: int) -> Side:
    return Side(f"{processes} processes" if processes > 1 else "1 process", lambda: several.measure(processes))


def _tells() -> list[Told]:
    told: list[Told] = []
    for number in range(2, MOST + 1):
        told.append(
            Told(
                f"processor time of a call, {number} : 1",
                _cpu_ratio(number),
                "x",
                f"flat (<= {MOST_MORE}x)",
                lambda value: value <= MOST_MORE,
            )
        )
        told.append(Told(f"rate on this machine, {number} : 1", _rate_ratio(number), "x"))
    return [*told, *(Told(f"rate, {number}", _rate(number), "1/s") for number in range(1, MOST + 1))]


def _cpu_ratio(processes: int) -> Callable[[Sequence[Sample]], float]:
    return lambda samples: samples[processes - 1].cpu_ms / samples[0].cpu_ms


def _rate_ratio(processes: int) -> Callable[[Sequence[Sample]], float]:
    return lambda samples: samples[processes - 1].rate / samples[0].rate


def _rate(processes: int) -> Callable[[Sequence[Sample]], float]:
    return lambda samples: samples[processes - 1].rate
