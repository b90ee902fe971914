"""What a step of an incident does to its clocks: those that run, and those that it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.grid.domain.clocks import Clock, ClockKind
from services.grid.domain.deadlines import Limits
from services.grid.domain.transitions import Step
from services.kernel.worktime.terms import Limit

if TYPE_CHECKING:
    from services.grid.domain.standing import Standing


def moved(clock: Clock, step: Step, limits: Limits, now: datetime, units: float) -> Clock:
    """The clock as the step leaves it: ended, standing still, going on, or with so many units more."""
    if not clock.running:
        return clock
    if clock.kind in step.stops:
        return clock.end(limits.calendar(clock), now)
    if clock.kind in step.pauses:
        return clock.pause(now)
    if clock.kind in step.resumes:
        return _going_on(clock, limits, now)
    if clock.kind in step.extends:
        return limits.reckoned(replace(clock, extension=clock.extension + units))
    return clock


def _going_on(clock: Clock, limits: Limits, now: datetime) -> Clock:
    return limits.reckoned(clock.resume(now)) if clock.paused else clock


def begun(
    kind: ClockKind, standing: Standing, step: Step, limits: Limits, now: datetime, going_on: Clock | None
) -> Clock:
    """A clock that the step starts, with the time that another one has counted where it goes on from that.

    It stands still at once where the step says so, too. `standing`: how the incident stands after the step.
    """
    if kind is ClockKind.ANSWER and standing.outside:
        left = Limit((standing.outside.answer_by - now) / timedelta(hours=1))
        # The moment that was named, which hours as a float may miss by a microsecond.
        return replace(limits.begin(kind, standing.holder, left, now), due_at=standing.outside.answer_by)
    whose = standing.owner if kind is ClockKind.DECIDE else standing.holder
    clock = limits.begin(kind, whose, _limit_of(kind, standing, limits), now)
    if kind is ClockKind.HANDLE and standing.course:
        clock = replace(clock, stage=standing.course.name)
    if going_on:
        clock = limits.reckoned(replace(clock, begun_at=going_on.begun_at, pauses=going_on.pauses))
    return clock.pause(now) if kind in step.pauses else clock


def without(kind: ClockKind, clocks: Iterable[Clock], limits: Limits, now: datetime) -> tuple[Clock, ...]:
    """All clocks, of which none of this kind runs any more."""
    return tuple(
        each.end(limits.calendar(each), now) if each.running and each.kind is kind else each for each in clocks
    )


def _limit_of(kind: ClockKind, standing: Standing, limits: Limits) -> Limit:
    """How long a clock of this kind runs."""
    return standing.handle_within if kind is ClockKind.HANDLE and standing.handle_within else limits.of(kind)
