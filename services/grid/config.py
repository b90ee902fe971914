"""The settings that grid adds to those of every service. Times are clock hours."""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.chassis.settings import setting


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("must be at least 1")
    return number


def _hours(text: str) -> float:
    hours = float(text)
    if not math.isfinite(hours) or hours <= 0:
        raise ValueError("must be more than 0")
    return hours


@dataclass(frozen=True, kw_only=True)
class GridSettings:
    """What grid is told from outside."""

    dispatch_within_hours: float = setting(
        "GRID_DISPATCH_WITHIN_HOURS",
        "hours that a grid centre has to dispatch what was filed, returned or reopened",
        default=24.0,
        parse=_hours,
    )
    accept_within_hours: float = setting(
        "GRID_ACCEPT_WITHIN_HOURS",
        "hours that a department has to accept; never longer than it has for handling",
        default=24.0,
        parse=_hours,
    )
    handle_within_hours: int = setting(
        "GRID_HANDLE_WITHIN_HOURS",
        "clock hours that a department named by a person has where no dispatch rule sets any",
        default=72,
        parse=_whole,
    )
    verify_within_hours: float = setting(
        "GRID_VERIFY_WITHIN_HOURS",
        "hours that a grid centre has to verify what was reported handled",
        default=24.0,
        parse=_hours,
    )
    close_within_hours: float = setting(
        "GRID_CLOSE_WITHIN_HOURS", "hours that a grid centre has to close what is verified", default=24.0, parse=_hours
    )
    escalate_every_hours: float = setting(
        "GRID_ESCALATE_EVERY_HOURS",
        "hours that a level waits which was told that a step is overdue, before the next one is told",
        default=24.0,
        parse=_hours,
    )
    reopen_days: int = setting(
        "GRID_REOPEN_DAYS", "days after the close in which the reporter may reopen", default=15, parse=_whole
    )
