"""The course of a handling as it stands in an incident's row: its stages as the dispatch found them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.grid.domain.courses import Course
from services.grid.store.catalogue import stage, stage_values


def course_out(course: Course | None) -> dict[str, Any] | None:
    """As JSON."""
    return {"at": course.at, "stages": [stage_values(each) for each in course.stages]} if course else None


def course_in(kept: Mapping[str, Any] | None) -> Course | None:
    """From JSON."""
    return Course(tuple(stage(each) for each in kept["stages"]), kept["at"]) if kept else None
