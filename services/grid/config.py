"""The settings that grid adds to those of every service."""

from __future__ import annotations

from dataclasses import dataclass

from services.chassis.settings import setting


@dataclass(frozen=True, kw_only=True)
class GridSettings:
    """What grid is told from outside."""

    handle_within_hours: int = setting(
        "GRID_HANDLE_WITHIN_HOURS",
        "clock hours that a department named by a person has where no dispatch rule sets any",
        default=72,
    )
