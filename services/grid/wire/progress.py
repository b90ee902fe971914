"""Stages of the handling, for answers, and the event of one that is done."""

from __future__ import annotations

from datetime import datetime

from egov.grid.v1 import actions_pb2, events_pb2, stages_pb2

from services.chassis.moments import stamp
from services.grid.domain.catalogue import Counted, Stage
from services.grid.domain.clocks import ClockKind
from services.grid.domain.incidents import Incident
from services.grid.wire.clocks import UNITS_OUT
from services.grid.wire.codes import URGENCIES_OUT
from services.grid.wire.events import held

COUNTINGS_OUT = {
    Counted.WHOLE: stages_pb2.STAGE_COUNTING_WHOLE,
    Counted.STAGE: stages_pb2.STAGE_COUNTING_STAGE,
}


def stage_message(each: Stage) -> stages_pb2.Stage:
    """A stage, as the catalogue has it."""
    return stages_pb2.Stage(
        urgency=URGENCIES_OUT[each.urgency],
        position=each.position,
        name=each.name,
        name_en=each.name_en,
        limit=int(each.limit.amount),
        unit=UNITS_OUT[each.limit.unit],
        done_when=each.done_when,
        done_when_en=each.done_when_en,
        counting=COUNTINGS_OUT[each.counted],
    )


def present_stage(incident: Incident, now: datetime) -> actions_pb2.PresentStage | None:
    """The stage that its department is at; None where none is."""
    running = (each for each in incident.clocks if each.running and each.kind is ClockKind.HANDLE)
    clock, course = next(running, None), incident.course
    if clock is None or course is None:
        return None
    stage = course.present
    return actions_pb2.PresentStage(
        position=stage.position,
        of=len(course.stages),
        name=actions_pb2.Label(zh_cn=stage.name, en=stage.name_en),
        done_when=actions_pb2.Label(zh_cn=stage.done_when, en=stage.done_when_en),
        due_at=stamp(clock.due_at),
        late=clock.late(now),
    )


def incident_progressed(before: Incident, incident: Incident, at: datetime) -> events_pb2.IncidentProgressed:
    """The fact that the stage is done that it was at `before`."""
    assert before.course is not None
    return events_pb2.IncidentProgressed(
        handle_by=stamp(incident.handle_by),
        department=incident.department,
        centre=incident.owner,
        stage=before.course.present.position,
        stage_due_at=stamp(before.handle_by),
        progressed_at=stamp(at),
        **held(incident),
    )
