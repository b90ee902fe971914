"""A stage of the handling is done (环节完成), and the next one begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.grid.domain.catalogue import Counted
from services.grid.domain.clocks import Clock, ClockKind
from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.retracing import parts_of
from services.grid.domain.running import without
from services.grid.domain.states import Command, TimeKind


def report_progress(
    incident: Incident, *, condition_met: bool, seen: int, by: str | None, limits: Limits, now: datetime
) -> Incident:
    """The department in charge says that the present stage is done: its closing condition is met.

    Its clock ends, and that of the next stage begins, or has counted since the handling began where its limit is of the
    whole. An extension that was asked for the stage falls away. Raises Refusal NO_STAGE_AHEAD in the last one.
    """
    step = incident.led(Command.PROGRESS, seen=seen, by=by, limits=limits, now=now, condition_met=condition_met)
    assert incident.course is not None
    course = incident.course.next()
    if incident.asked is not None and incident.asked.kind is TimeKind.EXTENSION:
        incident = replace(incident, asked=None, clocks=without(ClockKind.DECIDE, incident.clocks, limits, now))
    return incident.moved(
        step,
        limits,
        now,
        going_on=_whole(incident) if course.present.counted is Counted.WHOLE else None,
        course=course,
        handle_within=course.present.limit,
    )


def _whole(incident: Incident) -> Clock:
    """The present handling as one clock: from its dispatch or rework order on, with all time that it stood still."""
    handling: list[Clock] = []
    for clock in reversed(parts_of(incident)):
        # Stages only go up: rework begins where they do not.
        if handling and _position(clock) >= _position(handling[-1]):
            break
        handling.append(clock)
    pauses = dict.fromkeys(pause for clock in reversed(handling) for pause in clock.pauses)
    return replace(handling[-1], pauses=tuple(pauses))


def _position(clock: Clock) -> int:
    return clock.stage.position if clock.stage else 0
