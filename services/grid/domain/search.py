"""Searching: what is known of the incidents that somebody looks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.grid.domain.reference import TypeKey
from services.grid.domain.states import IncidentState
from services.kernel.coordinates import Point
from services.kernel.parties import Party

METRES_A_DEGREE = 111_320.0
"""Of latitude, and of longitude at the equator; true to half a per cent."""


class Circle(NamedTuple):
    """The ground around a point."""

    centre: Point
    metres: float

    @property
    def metres_a_degree_east(self) -> float:
        """How far a degree of longitude is there."""
        return METRES_A_DEGREE * max(0.01, math.cos(math.radians(self.centre.latitude)))

    @property
    def corners(self) -> tuple[Point, Point]:
        """South-west and north-east of the box around it."""
        up, across = self.metres / METRES_A_DEGREE, self.metres / self.metres_a_degree_east
        south, west = self.centre
        return Point(south - up, west - across), Point(south + up, west + across)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is asked for, inside `bound` and of `reporter` alone where one is named. What is empty lets all pass.

    `asking` and `asking_department` are who asks: near a place are only incidents whose position they are shown.
    """

    bound: str
    reporter: Party | None
    asking: Party
    asking_department: str
    case_number_prefix: str = ""
    reference: str = ""
    department_number: str = ""
    text: str = ""
    enterprise_code: str = ""
    type_code: str = ""
    state: IncidentState | None = None
    department: str = ""
    region: str = ""
    filed_from: datetime | None = None
    filed_until: datetime | None = None
    near: Circle | None = None
    types: frozenset[TypeKey] | None = None
    """Of these types alone; none of them: nothing."""


class Line(NamedTuple):
    """What an export says of an incident, in the words of its codes; a position where whoever asks is shown it."""

    case_number: str
    incident_id: UUID
    state: str
    standard: str
    kind: str
    type_code: str
    region: str
    department: str
    centre: str
    reference: str
    enterprise_code: str
    filed_at: datetime
    dispatched_at: datetime | None
    handle_by: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    closing_outcome: str | None
    escalation_level: str
    position: Point | None

    def for_anyone(self) -> Line:
        """No exact place, nothing that names an enterprise or leads back to another system."""
        return self._replace(position=None, reference="", enterprise_code="")
