"""The course of a handling as it stands in an incident's row: its stages as the dispatch found them.

The release before leaves it there when it returns or dispatches the incident: it is true of the dispatch that it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.grid.domain.courses import Course
from services.grid.store.catalogue import stage, stage_values


def course_out(course: Course | None, dispatched_at: datetime | None) -> dict[str, Any] | None:
    """As JSON; `dispatched_at` is when its dispatch was."""
    if course is None or dispatched_at is None:
        return None
    stages = [stage_values(each) for each in course.stages]
    return {"dispatched_at": dispatched_at.timestamp(), "at": course.at, "stages": stages}


def course_in(kept: Mapping[str, Any] | None, dispatched_at: datetime | None) -> Course | None:
    """From JSON; None where it is of another dispatch."""
    if kept is None or dispatched_at is None or kept["dispatched_at"] != dispatched_at.timestamp():
        return None
    return Course(tuple(stage(each) for each in kept["stages"]), kept["at"])
