"""The settings that grid adds to those of every service: times in clock hours, or in units that they name."""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.chassis.settings import setting
from services.kernel.worktime.terms import Limit


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


def _whole_limit(text: str) -> Limit:
    limit = Limit.parse(text)
    if not float(limit.amount).is_integer():
        raise ValueError("must be whole units, such as 2 working days")
    return limit


@dataclass(frozen=True, kw_only=True)
class GridSettings:
    """What grid is told from outside."""

    check_within_hours: float = setting(
        "GRID_CHECK_WITHIN_HOURS",
        "hours that a grid centre has to check on site what the public reported",
        default=24.0,
        parse=_hours,
    )
    file_within_hours: float = setting(
        "GRID_FILE_WITHIN_HOURS",
        "hours that a grid centre has to decide whether what was checked is filed",
        default=24.0,
        parse=_hours,
    )
    check_unsaid: bool = setting(
        "GRID_CHECK_UNSAID",
        "check on site, too, what a caller without a department reports without a source",
        default=False,
    )
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
    decide_within_hours: float = setting(
        "GRID_DECIDE_WITHIN_HOURS",
        "hours that a grid centre has to grant or refuse a hold or an extension",
        default=24.0,
        parse=_hours,
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
    check_limit: Limit | None = setting(
        "GRID_CHECK_LIMIT", "the same for GRID_CHECK_WITHIN_HOURS", default=None, parse=Limit.parse
    )
    file_limit: Limit | None = setting(
        "GRID_FILE_LIMIT", "the same for GRID_FILE_WITHIN_HOURS", default=None, parse=Limit.parse
    )
    dispatch_limit: Limit | None = setting(
        "GRID_DISPATCH_LIMIT",
        "the same as GRID_DISPATCH_WITHIN_HOURS in a unit that it names, such as 4 working hours; goes before it",
        default=None,
        parse=Limit.parse,
    )
    accept_limit: Limit | None = setting(
        "GRID_ACCEPT_LIMIT", "the same for GRID_ACCEPT_WITHIN_HOURS", default=None, parse=Limit.parse
    )
    handle_limit: Limit | None = setting(
        "GRID_HANDLE_LIMIT", "the same for GRID_HANDLE_WITHIN_HOURS, whole units", default=None, parse=_whole_limit
    )
    decide_limit: Limit | None = setting(
        "GRID_DECIDE_LIMIT", "the same for GRID_DECIDE_WITHIN_HOURS", default=None, parse=Limit.parse
    )
    verify_limit: Limit | None = setting(
        "GRID_VERIFY_LIMIT", "the same for GRID_VERIFY_WITHIN_HOURS", default=None, parse=Limit.parse
    )
    close_limit: Limit | None = setting(
        "GRID_CLOSE_LIMIT", "the same for GRID_CLOSE_WITHIN_HOURS", default=None, parse=Limit.parse
    )
    escalate_every_hours: float = setting(
        "GRID_ESCALATE_EVERY_HOURS",
        "hours that a level waits which was told that a step is overdue, before the next one is told; the city is"
        " reminded as often, and after seven times as long seven times as seldom",
        default=24.0,
        parse=_hours,
    )
    reopen_days: int = setting(
        "GRID_REOPEN_DAYS", "days after the close in which the reporter may reopen", default=15, parse=_whole
    )
