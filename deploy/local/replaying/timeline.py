"""The order of the work: every report is filed and dispatched on its date, and led to the close on that one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from deploy.local.replaying.mapping import Atlas, Mapped
from deploy.local.replaying.rows import LeftOut, Row

_NO_DATE = datetime.min.replace(tzinfo=UTC)


class Action(IntEnum):
    """What is done to a report, in the order in which one report sees it."""

    FILE = 0
    DISPATCH = 1
    ACCEPT = 2
    HANDLE = 3
    VERIFY = 4
    CLOSE = 5


ON_ARRIVAL = (Action.FILE, Action.DISPATCH)
ON_COMPLETION = (Action.ACCEPT, Action.HANDLE, Action.VERIFY, Action.CLOSE)


@dataclass(frozen=True, slots=True)
class Step:
    """One call to make, at its place in time."""

    at: datetime
    action: Action
    mapped: Mapped


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be played: the steps in order, the rows read, the reports among them, the rest by reason."""

    steps: tuple[Step, ...]
    rows: int
    reports: int
    left_out: Counter[str]


def plan(read: Iterable[Row | LeftOut], atlas: Atlas, limit: int | None = None) -> Plan:
    """Order the work for the first `limit` rows by date; None: all. Rows without a date count, and come first."""
    taken = sorted(read, key=lambda item: (item.created or _NO_DATE, item.key))[:limit]
    placed = [item if isinstance(item, LeftOut) else atlas.place(item) for item in taken]
    reports = [item for item in placed if isinstance(item, Mapped)]
    left_out = Counter(item.reason for item in placed if isinstance(item, LeftOut))
    return Plan(tuple(timeline(reports)), len(taken), len(reports), left_out)


def timeline(reports: Iterable[Mapped]) -> list[Step]:
    """The steps of all reports by date. On the same date a report's own steps stay in their order."""
    steps = [step for mapped in reports for step in _steps(mapped)]
    return sorted(steps, key=lambda step: (step.at, step.mapped.row.key, step.action))


def _steps(mapped: Mapped) -> list[Step]:
    row = mapped.row
    steps = [Step(row.created, action, mapped) for action in ON_ARRIVAL]
    if row.closed is not None:
        steps += [Step(row.closed, action, mapped) for action in ON_COMPLETION]
    return steps
