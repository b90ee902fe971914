"""A part as its supervisor holds it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from deploy.local.children import Child


class State(Enum):
    """Where a part stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(eq=False)
class Part:
    """One part of the stack.

    `prepare` runs before the process starts, `finish` when it is ready, both at every start of the stack and not when
    the part alone is started again. `child` is None for a part that is only prepared. `needs` names the parts that must
    be ready before `prepare`, `awaits` those that must be ready before the process starts, `after` those that must have
    come up or failed before it.
    """

    name: str
    child: Child | None = None
    needs: Sequence[str] = ()
    awaits: Sequence[str] = ()
    after: Sequence[str] = ()
    prepare: Callable[[], None] | None = None
    ready: Callable[[], bool] = lambda: True
    finish: Callable[[], None] | None = None
    timeout_s: float = 60.0
    state: State = State.WAITING
    seconds: float = 0.0
    problem: str = ""
    deaths: int = 0
    ready_at: float = 0.0
    settled: threading.Event = field(default_factory=threading.Event)


def ended(part: Part) -> str:
    """How a part that is no more ended, with the last lines it said."""
    assert part.child is not None
    code = part.child.exit_code() or 0
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"it ended with {how}{said(part)}"


def said(part: Part) -> str:
    """The last lines that a part said, as the end of a sentence."""
    lines = part.child.last_lines() if part.child is not None else []
    return "; it said:\n" + "\n".join(f"    {line}" for line in lines) if lines else " and said nothing"
