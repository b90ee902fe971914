"""What the events of inspection mean here."""

from __future__ import annotations

from uuid import UUID

from egov.inspection.v1 import events_pb2, inspections_pb2

from services.grid.domain.inspections import ClosedInspection, OpenedInspection
from services.grid.domain.states import HandlingOutcome

ENDS = {
    inspections_pb2.INSPECTION_OUTCOME_IN_ORDER: HandlingOutcome.IN_ORDER,
    inspections_pb2.INSPECTION_OUTCOME_RECTIFIED: HandlingOutcome.RECTIFIED,
}


def opened_inspection(event: events_pb2.InspectionOpened) -> OpenedInspection | None:
    """An inspection that was opened; None when no incident caused it."""
    if not event.incident_id:
        return None
    return OpenedInspection(UUID(event.inspection_id), UUID(event.incident_id), event.department)


def closed_inspection(event: events_pb2.InspectionClosed) -> ClosedInspection | None:
    """An inspection that ended; None when no incident caused it."""
    if not event.incident_id:
        return None
    outcome = ENDS[event.outcome]
    return ClosedInspection(UUID(event.inspection_id), UUID(event.incident_id), event.department, outcome)
