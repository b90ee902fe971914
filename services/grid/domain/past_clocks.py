"""What the clocks that ever ran for an incident tell of its past."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from services.grid.domain.clocks import Clock, ClockKind

BESIDE = (ClockKind.ANSWER, ClockKind.DECIDE)
"""What others have time for while a department handles it."""

_WAY_IN = (ClockKind.CHECK, ClockKind.FILE, ClockKind.DISPATCH)


def was_filed(clocks: Sequence[Clock]) -> bool:
    """What is filed begins the time to dispatch it; what is objected to afterwards is checked and filed anew."""
    way_in = [each.kind for each in clocks if each.kind in _WAY_IN]
    return way_in[-1:] == [ClockKind.DISPATCH]


def was_dispatched(clocks: Sequence[Clock]) -> bool:
    """Somebody had time to handle it."""
    return any(each.kind is ClockKind.HANDLE for each in clocks)


def returners(clocks: Sequence[Clock]) -> set[str]:
    """The departments that returned it: where the time to handle it ended, the time to dispatch it anew began."""
    steps = [each for each in clocks if each.kind not in BESIDE]
    return {
        handled.department
        for handled, following in pairwise(steps)
        if (handled.kind, following.kind) == (ClockKind.HANDLE, ClockKind.DISPATCH)
        and handled.ended_at == following.begun_at
    }
