"""Line `start`: from nothing that runs to a stack that is ready, and the memory that its services take."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from deploy.local import parts
from deploy.local.stack import Stack
from tests.bench.cases import cases_on
from tests.bench.measure import Line, Sample, Side, Told
from tests.bench.stacks import stack_in

LONGEST_S, MOST_MB = 20.0, 120.0
CASES, AT_A_TIME = 12, 4
MB = 2**20
READY, USED = "ready", "used"
PROPORTIONAL, RESIDENT = "PSS", "RSS"
TITLE = f"the whole stack, started where it ran before; memory of its services when ready and after {CASES} cases"


@contextlib.contextmanager
def start(folder: Path) -> Iterator[Line]:
    """A stack that has run once, so that its databases and topics are there."""
    stack = stack_in(folder)
    try:
        with stack:
            pass
        yield Line("start", TITLE, [Side("start", lambda: _measure(stack))], _tells())
    finally:
        stack.stop()
        stack.forget()


def _measure(stack: Stack) -> Sample:
    begun = time.monotonic()
    with stack:
        seconds = time.monotonic() - begun
        memory = _memory(stack, READY)
        with cases_on(stack, AT_A_TIME) as cases:
            cases.wait_for_last_effects(cases.play(CASES))
        memory |= _memory(stack, USED)
    return Sample(done=1, seconds=seconds, memory=memory)


def _memory(stack: Stack, when: str) -> dict[str, int]:
    """By service, kind and moment."""
    found: dict[str, int] = {}
    for name in parts.names():
        child = stack.part(name).child
        assert child is not None
        found[_key(name, PROPORTIONAL, when)] = child.memory_bytes()
        found[_key(name, RESIDENT, when)] = sum(resident_bytes(pid) for pid in child.tree())
    return found


def resident_bytes(pid: int) -> int:
    """Memory that a process has in use, shared pages counted whole; 0 for one that is no more."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def _key(name: str, kind: str, when: str) -> str:
    return f"{name} {kind} {when}"


def _tells() -> list[Told]:
    ready = Told(
        "start until ready",
        lambda samples: samples[0].seconds,
        "s",
        f"< {LONGEST_S:.0f}",
        lambda value: value < LONGEST_S,
    )
    largest = [
        Told(f"largest service, {kind}, {when}", _largest(kind, when), "MB", f"< {MOST_MB:.0f}", _is_small)
        for kind in (PROPORTIONAL, RESIDENT)
        for when in (READY, USED)
    ]
    each = [Told(f"{name}, {RESIDENT}, {USED}", _mb(_key(name, RESIDENT, USED)), "MB") for name in parts.names()]
    return [ready, *largest, *each]


def _is_small(value: float) -> bool:
    return value < MOST_MB


def _largest(kind: str, when: str) -> Callable[[Sequence[Sample]], float]:
    return lambda samples: max(samples[0].memory[_key(name, kind, when)] for name in parts.names()) / MB


def _mb(key: str) -> Callable[[Sequence[Sample]], float]:
    return lambda samples: samples[0].memory[key] / MB
