"""Which states an inspection passes, and which command leads where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from services.inspection.domain.inspections import Inspection


class InspectionState(StrEnum):
    """Where an inspection stands."""

    OPENED = "OPENED"
    ASSIGNED = "ASSIGNED"
    RECTIFYING = "RECTIFYING"
    RECHECKED = "RECHECKED"
    CLOSED = "CLOSED"


class Command(StrEnum):
    """What can be asked of an inspection that was opened."""

    ASSIGN = "ASSIGN"
    FIND = "FIND"
    ORDER = "ORDER"
    EXTEND = "EXTEND"
    PASS = "PASS"
    FAIL = "FAIL"
    CLOSE = "CLOSE"


class Guard(NamedTuple):
    """What forbids a step, and the reason that is given then."""

    reason: str
    forbids: Callable[[Inspection], bool]


class Step(NamedTuple):
    """Where a command leads to, unless its guard forbids it."""

    to: InspectionState
    guard: Guard | None = None


FOUND = Guard("NOTHING_TO_RECTIFY", lambda inspection: not inspection.findings)
RECTIFIED = Guard("NOT_RECTIFIED", lambda inspection: inspection.not_rectified)

TRANSITIONS: Mapping[tuple[InspectionState, Command], Step] = {
    (InspectionState.OPENED, Command.ASSIGN): Step(InspectionState.ASSIGNED),
    (InspectionState.ASSIGNED, Command.ASSIGN): Step(InspectionState.ASSIGNED),
    (InspectionState.ASSIGNED, Command.FIND): Step(InspectionState.ASSIGNED),
    (InspectionState.ASSIGNED, Command.ORDER): Step(InspectionState.RECTIFYING, FOUND),
    (InspectionState.ASSIGNED, Command.CLOSE): Step(InspectionState.CLOSED, RECTIFIED),
    # An officer may fall ill or step aside at any time before the end.
    (InspectionState.RECTIFYING, Command.ASSIGN): Step(InspectionState.RECTIFYING),
    (InspectionState.RECTIFYING, Command.EXTEND): Step(InspectionState.RECTIFYING),
    (InspectionState.RECTIFYING, Command.FAIL): Step(InspectionState.RECTIFYING),
    (InspectionState.RECTIFYING, Command.PASS): Step(InspectionState.RECHECKED),
    # Always forbidden by its guard, whose reason says more than WRONG_STATE.
    (InspectionState.RECTIFYING, Command.CLOSE): Step(InspectionState.CLOSED, RECTIFIED),
    (InspectionState.RECHECKED, Command.ASSIGN): Step(InspectionState.RECHECKED),
    (InspectionState.RECHECKED, Command.CLOSE): Step(InspectionState.CLOSED, RECTIFIED),
}
"""(from, command) -> to, with its guard. What is not in the table is refused as WRONG_STATE."""
