"""What can be done with inspections: load, ask the domain, save, record the fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.inspection.domain.inspections import Inspection, RefusedEffect
from services.inspection.domain.officers import Nominee
from services.inspection.domain.opening import DispatchedIncident, department_for
from services.inspection.domain.reference import ChecklistItem, Gravity, InspectedType, is_inspected
from services.inspection.domain.transitions import InspectionState
from services.inspection.wire import events
from services.kernel.ids import uuid7
from services.kernel.ports import UnitOfWork
from services.kernel.regions import Region


class Inspections(Protocol):
    """What the use cases need of the inspections' store. `bound`: the region prefix that the caller works in."""

    def add(self, inspection: Inspection) -> None:
        """Keep a new inspection."""

    def load(self, inspection_id: UUID, bound: str) -> Inspection:
        """Read one; Refusal INSPECTION_NOT_FOUND, also when it lies outside `bound`."""

    def save(self, inspection: Inspection) -> None:
        """Keep a changed inspection; Refusal STALE_VERSION when someone else was faster."""

    def is_open_for(self, incident_id: UUID, department: str) -> bool:
        """Whether this department inspects because of this incident already."""

    def keep_refused_effect(self, case_number: str, effect: RefusedEffect) -> None:
        """Keep it with the newest inspection of the case, once; Refusal INSPECTION_NOT_FOUND when there is none."""


class Reference(Protocol):
    """What the use cases need of the reference data's store."""

    def item(self, code: str) -> ChecklistItem | None:
        """The published item, None when there is none or it was retired."""

    def inspected_types(self) -> Sequence[InspectedType]:
        """Which incidents lead to an inspection."""


def open_from_incident(
    uow: UnitOfWork, inspections: Inspections, reference: Reference, incident: DispatchedIncident
) -> None:
    """Open an inspection in the incident's case, if the rules say so and the department does not inspect already."""
    if not is_inspected(incident.type, incident.department, reference.inspected_types()):
        return
    if inspections.is_open_for(incident.id, incident.department):
        return
    inspection = Inspection(
        id=uuid7(),
        case_number=incident.case_number,
        version=1,
        state=InspectionState.OPENED,
        region=incident.region,
        department=incident.department,
        enterprise_code=incident.enterprise_code,
        opened_at=uow.now(),
        incident_id=incident.id,
        reporter=incident.reporter,
    )
    inspections.add(inspection)
    uow.record(events.inspection_opened(inspection))


def open_by_request(
    uow: UnitOfWork, inspections: Inspections, code: str, region: Region | None, enterprise_code: str, bound: str
) -> Inspection:
    """Open an inspection by the caller's department, and its case. `region` is what identity knows of the code."""
    department = department_for(region, bound=bound, by_department=uow.caller.department, now=uow.now())
    inspection = Inspection(
        id=uuid7(),
        case_number=uow.open_case(code),
        version=1,
        state=InspectionState.OPENED,
        region=code,
        department=department,
        enterprise_code=enterprise_code,
        opened_at=uow.now(),
    )
    inspections.add(inspection)
    uow.record(events.inspection_opened(inspection))
    return inspection


def assign_officers(
    uow: UnitOfWork,
    inspections: Inspections,
    inspection_id: UUID,
    bound: str,
    *,
    seen: int,
    nominees: Sequence[Nominee],
) -> Inspection:
    """Name the officers on behalf of the caller's department; `nominees` as identity knows them."""
    before = inspections.load(inspection_id, bound)
    inspection = before.assign(nominees, seen=seen, by_department=uow.caller.department)
    inspections.save(inspection)
    uow.record(events.officers_assigned(inspection, uow.now()))
    return inspection


def record_finding(
    uow: UnitOfWork,
    inspections: Inspections,
    reference: Reference,
    inspection_id: UUID,
    bound: str,
    *,
    seen: int,
    item_code: str,
    gravity: Gravity,
) -> Inspection:
    """Record what the caller found on a checklist item."""
    before, item = inspections.load(inspection_id, bound), reference.item(item_code)
    by, now = uow.caller.person, uow.now()
    inspection = before.find(item, gravity, finding_id=uuid7(), seen=seen, by=by, now=now)
    inspections.save(inspection)
    uow.record(events.finding_recorded(inspection))
    return inspection


def order_rectification(
    uow: UnitOfWork, inspections: Inspections, inspection_id: UUID, bound: str, *, seen: int, until: datetime
) -> Inspection:
    """Order that everything found is rectified until then."""
    before = inspections.load(inspection_id, bound)
    inspection = before.order_rectification(until, seen=seen, by=uow.caller.person, now=uow.now())
    inspections.save(inspection)
    uow.record(events.rectification_ordered(inspection, uow.now()))
    return inspection


def extend_rectification(
    uow: UnitOfWork, inspections: Inspections, inspection_id: UUID, bound: str, *, seen: int, until: datetime
) -> Inspection:
    """Put the date for rectification off."""
    before = inspections.load(inspection_id, bound)
    inspection = before.extend(until, seen=seen, by=uow.caller.person, now=uow.now())
    inspections.save(inspection)
    uow.record(events.rectification_extended(inspection, uow.now()))
    return inspection


def record_recheck(
    uow: UnitOfWork,
    inspections: Inspections,
    inspection_id: UUID,
    bound: str,
    *,
    seen: int,
    passed: bool,
    until: datetime | None,
) -> Inspection:
    """Record a second look: passed, or else with a new date."""
    before = inspections.load(inspection_id, bound)
    inspection = before.recheck(passed=passed, until=until, seen=seen, by=uow.caller.person, now=uow.now())
    inspections.save(inspection)
    uow.record(events.recheck_recorded(inspection, uow.now()))
    return inspection


def close_inspection(
    uow: UnitOfWork, inspections: Inspections, inspection_id: UUID, bound: str, *, seen: int
) -> Inspection:
    """Close it."""
    before = inspections.load(inspection_id, bound)
    inspection = before.close(seen=seen, by=uow.caller.person, now=uow.now())
    inspections.save(inspection)
    uow.record(events.inspection_closed(inspection))
    return inspection


def keep_refused_effect(inspections: Inspections, case_number: str, effect: RefusedEffect | None) -> None:
    """Keep what another service refused to do about a fact of ours; None: the fact was not ours."""
    if effect is not None:
        inspections.keep_refused_effect(case_number, effect)
