"""What a step of an incident does to a clock that runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.grid.domain.clocks import Clock
from services.grid.domain.deadlines import Limits
from services.grid.domain.transitions import Step


def moved(clock: Clock, step: Step, limits: Limits, now: datetime, units: float) -> Clock:
    """The clock as the step leaves it: ended, standing still, going on, or with so many units more."""
    if not clock.running:
        return clock
    if clock.kind in step.stops:
        return replace(_going_on(clock, limits, now), ended_at=now)
    if clock.kind in step.pauses:
        return clock.pause(now)
    if clock.kind in step.resumes:
        return _going_on(clock, limits, now)
    if clock.kind in step.extends:
        return limits.reckoned(replace(clock, extension=clock.extension + units))
    return clock


def _going_on(clock: Clock, limits: Limits, now: datetime) -> Clock:
    return limits.reckoned(clock.resume(now)) if clock.paused else clock
