"""What can be done with incidents: load, ask the domain, save, record the fact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from services.grid import wire
from services.grid.domain.incidents import ClosingOutcome, Incident, Region, Report, check_report
from services.grid.domain.reference import DispatchRule, TypeKey
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.kernel.ports import UnitOfWork
from services.kernel.regions import county_of


class Incidents(Protocol):
    """What the use cases need of the incidents' store. `bound`: the region prefix that the caller works in."""

    def add(self, incident: Incident) -> None:
        """Keep a new incident."""

    def load(self, incident_id: UUID, bound: str) -> Incident:
        """Read one; Refusal INCIDENT_NOT_FOUND, also when it lies outside `bound`."""

    def save(self, incident: Incident) -> None:
        """Keep a changed incident; Refusal STALE_VERSION when someone else was faster."""


class Reference(Protocol):
    """What the use cases need of the reference data's store."""

    def type_in_force(self, key: TypeKey) -> bool:
        """Whether the catalogue has this type, not retired."""

    def centre_of(self, county: str) -> str | None:
        """Department code of the county's grid centre."""

    def rules_for(self, region: str) -> Sequence[DispatchRule]:
        """The dispatch rules that speak of this region."""


def file_incident(
    uow: UnitOfWork, incidents: Incidents, reference: Reference, report: Report, region: Region | None, bound: str
) -> Incident:
    """File a report and open its case. `region` is what identity knows of `report.region`, None: nothing."""
    now = uow.now()
    centre = reference.centre_of(county_of(report.region))
    in_force = reference.type_in_force(report.type)
    check_report(report, type_in_force=in_force, region=region, centre=centre, bound=bound, now=now)
    incident = Incident.file(
        report,
        id=uuid7(),
        case_number=uow.open_case(report.region),
        reporter=Party(*uow.caller.party),
        centre=centre or "",
        now=now,
    )
    incidents.add(incident)
    uow.record(wire.incident_filed(incident))
    return incident


def dispatch_incident(
    uow: UnitOfWork,
    incidents: Incidents,
    reference: Reference,
    incident_id: UUID,
    bound: str,
    *,
    seen: int,
    named: str,
    default_hours: int,
) -> Incident:
    """Dispatch to the department named, or as the rules say when `named` is empty."""
    before = incidents.load(incident_id, bound)
    rules = reference.rules_for(before.report.region)
    incident = before.dispatch(seen=seen, rules=rules, named=named, default_hours=default_hours, now=uow.now())
    incidents.save(incident)
    uow.record(wire.incident_dispatched(incident))
    return incident


def close_incident(
    uow: UnitOfWork, incidents: Incidents, incident_id: UUID, bound: str, *, seen: int, outcome: ClosingOutcome
) -> Incident:
    """Close it on behalf of the caller's department."""
    before = incidents.load(incident_id, bound)
    incident = before.close(outcome, seen=seen, by_department=uow.caller.department, now=uow.now())
    incidents.save(incident)
    uow.record(wire.incident_closed(incident))
    return incident
