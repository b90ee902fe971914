"""The clock of a case as a bar: how much of it is used, and how bad that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from egov.casetrace.v1 import cases_pb2

from services.chassis.moments import moment, moment_in

NEARLY = 0.75


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline that runs. `percent`: of its time that is used, 100 at most; `tone`: good, warn or bad."""

    deadline: datetime
    since: datetime
    percent: float
    tone: str


def clock_of(case: cases_pb2.Case) -> Clock | None:
    """The clock that runs, None if none does."""
    deadline = moment_in(case, "deadline")
    if deadline is None:
        return None
    used = case.clock_used
    tone = "bad" if used >= 1 else "warn" if used >= NEARLY else "good"
    return Clock(deadline, moment(case.clock_since), round(min(used, 1.0) * 100, 1), tone)
