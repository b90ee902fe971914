"""Incidents to be found, and how they are sought."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.grid.domain.search import Sought
from services.kernel.coordinates import Point
from services.kernel.parties import Party
from tests.unit.fakes import WANG
from tests.unit.grid.samples import (
    CENTRE,
)

NEAR, FAR = Point(35.4, 119.5045), Point(35.4, 119.52)
"""East of it: 408 m and 1,814 m."""


def sought(**changes: Any) -> Sought:
    asked = Sought(bound="3711", reporter=None, asking=Party("person", WANG), asking_department=CENTRE)
    return replace(asked, **changes)
