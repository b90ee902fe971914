"""A stage of the handling is done (环节完成), and the next one begins."""

from __future__ import annotations

from datetime import datetime

from services.grid.domain.catalogue import Counted
from services.grid.domain.clocks import ClockKind
from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.states import Command, TimeKind


def report_progress(
    incident: Incident, *, condition_met: bool, seen: int, by: str | None, limits: Limits, now: datetime
) -> Incident:
    """The department in charge says that the present stage is done: its closing condition is met.

    Its clock ends, and that of the next stage begins, or goes on from dispatch where limits are of the whole. An
    extension that was asked for the stage falls away. Raises Refusal NO_STAGE_AHEAD in the last one.
    """
    step = incident.led(Command.PROGRESS, seen=seen, by=by, limits=limits, now=now, condition_met=condition_met)
    assert incident.course is not None
    course = incident.course.next()
    running = next((each for each in incident.clocks if each.running and each.kind is ClockKind.HANDLE), None)
    extension = incident.asked is not None and incident.asked.kind is TimeKind.EXTENSION
    return incident.moved(
        step,
        limits,
        now,
        going_on=running if course.present.counted is Counted.WHOLE else None,
        course=course,
        handle_within=course.present.limit,
        asked=None if extension else incident.asked,
    )
