"""How an inspection begins: from an incident that a department got, or by request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.inspection.domain.reference import IncidentType
from services.kernel import regions
from services.kernel.errors import Violation, denied, invalid
from services.kernel.parties import Party
from services.kernel.regions import Region


@dataclass(frozen=True, slots=True)
class DispatchedIncident:
    """What inspection is told of an incident that a department got. An empty enterprise code: none was named."""

    id: UUID
    case_number: str
    region: str
    department: str
    type: IncidentType
    reporter: Party
    enterprise_code: str


def department_for(region: Region | None, *, bound: str, by_department: str | None, now: datetime) -> str:
    """The department that inspects by request in this region: the caller's own.

    `bound` is the region prefix that the caller works in; the department's own region bounds it too. Raises Refusal
    NO_DEPARTMENT, or INVALID with REGION_UNKNOWN or REGION_CLOSED as violation.
    """
    if not by_department:
        raise denied("NO_DEPARTMENT")
    unfit = regions.rule_broken_by(region, bound, by_department.partition("-")[0], now=now)
    if unfit:
        raise invalid(Violation("region", unfit))
    return by_department
