"""What grid is told of inspections that an incident led to."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from services.grid.domain.states import HandlingOutcome


class OpenedInspection(NamedTuple):
    """A department opened an inspection because of an incident."""

    id: UUID
    incident_id: UUID
    department: str


class ClosedInspection(NamedTuple):
    """The inspection that an incident led to has ended; `outcome` says how."""

    id: UUID
    incident_id: UUID
    department: str
    outcome: HandlingOutcome
