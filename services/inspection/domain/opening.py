"""How an inspection begins: from an incident that a department got, or by request."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.inspection.domain.reference import IncidentType
from services.kernel import regions
from services.kernel.errors import Violation, denied, invalid
from services.kernel.parties import Party


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


def department_for(region: str, *, bound: str, by_department: str | None) -> str:
    """The department that inspects by request in this region: the caller's own.

    `bound` is the region prefix that the caller works in. Raises Refusal NO_DEPARTMENT; REGION_UNKNOWN as violation
    when the region lies outside the department's: for the caller it does not exist.
    """
    if not by_department:
        raise denied("NO_DEPARTMENT")
    if not all(regions.within(region, around) for around in (bound, by_department.partition("-")[0])):
        raise invalid(Violation("region", "REGION_UNKNOWN"))
    return by_department
