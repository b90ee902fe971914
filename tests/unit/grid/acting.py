"""Use cases as the tests of incidents call them."""

from __future__ import annotations

from services.grid import usecases
from services.grid.domain.incidents import Incident
from services.grid.domain.standing import Which
from services.kernel.regions import Region
from tests.unit.fakes import WANG, FakeUnitOfWork, caller
from tests.unit.grid.samples import (
    CENTRE,
    DEPARTMENT,
    GRID,
    LIMITS,
    FakeDispatching,
    FakeIncidents,
    FakeReference,
    report,
)

SEAT = caller(subject=WANG, department=CENTRE)
OFFICER = caller(subject=WANG, department=DEPARTMENT)


def file(uow: FakeUnitOfWork, incidents: FakeIncidents, reference: FakeReference) -> Incident:
    said = report(reference="SSP-1", enterprise_code="91350100M000100Y43")
    return usecases.file_incident(uow, incidents, reference, said, Region(GRID), "3711", LIMITS)


def keep(incidents: FakeIncidents, incident: Incident) -> Incident:
    incidents.add(incident)
    return incident


def dispatch(
    uow: FakeUnitOfWork,
    incidents: FakeIncidents,
    filed: Incident,
    *,
    bound: str = "3711",
    named: str = "",
    dispatching: FakeDispatching | None = None,
) -> Incident:
    return usecases.dispatch_incident(
        uow, incidents, FakeReference(), Which(filed.id, bound, filed.version), named=named, limits=LIMITS,
        dispatching=dispatching or FakeDispatching(),
    )  # fmt: skip
