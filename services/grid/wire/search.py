"""Searching: between the contract and the domain."""

from __future__ import annotations

from egov.common.v1 import paging_pb2
from egov.grid.v1 import grid_service_pb2, search_pb2

from services.chassis.moments import moment_in
from services.grid.domain.incidents import Incident
from services.grid.domain.reports import only_reports_of
from services.grid.domain.search import Circle, Sought
from services.grid.wire.codes import STATES
from services.grid.wire.messages import incident_message
from services.grid.wire.places import position
from services.kernel.paging import Page
from services.kernel.parties import Party
from services.kernel.ports import Caller

WITHIN_M = 500


def sought(message: search_pb2.SearchIncidentsRequest, caller: Caller, bound: str) -> Sought:
    """What a caller who works inside `bound` asks for."""
    near = Circle(position(message.near).point, message.within_m or WITHIN_M) if message.HasField("near") else None
    return Sought(
        bound=bound,
        reporter=only_reports_of(caller),
        asking=Party(*caller.party),
        asking_department=caller.department or "",
        case_number_prefix=message.case_number_prefix,
        reference=message.reference,
        department_number=message.department_number,
        text=message.text,
        enterprise_code=message.enterprise_code,
        type_code=message.type_code,
        state=STATES.get(message.state),
        department=message.department,
        region=message.region,
        filed_from=moment_in(message, "filed_from"),
        filed_until=moment_in(message, "filed_until"),
        near=near,
    )


def listed(message: grid_service_pb2.ListIncidentsRequest, caller: Caller, bound: str) -> Sought:
    """What a caller who works inside `bound` has listed. A whole case number is the beginning of no other."""
    return Sought(
        bound=bound,
        reporter=only_reports_of(caller),
        asking=Party(*caller.party),
        asking_department=caller.department or "",
        case_number_prefix=message.case_number,
        state=STATES.get(message.state),
        region=message.region,
    )


def found_message(page: Page[Incident], department: str | None, party: Party) -> search_pb2.SearchIncidentsResponse:
    """A page of what was found, for an answer to this party, who speaks for this department."""
    return search_pb2.SearchIncidentsResponse(
        incidents=[incident_message(each, department, party) for each in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )
