"""The grid service (网格): incidents from the report to the close."""

from __future__ import annotations

from uuid import UUID

from egov.grid.v1 import grid_service_pb2 as grid
from egov.identity.v1 import identity_service_pb2

from services.chassis.call import Call
from services.chassis.client import GrpcClient
from services.chassis.config import Config
from services.chassis.entrypoints import rpc
from services.chassis.uow import UnitOfWork
from services.grid import usecases, wire
from services.grid.config import GridSettings
from services.grid.domain.incidents import Region
from services.grid.store.incidents import IncidentStore
from services.grid.store.reference import ReferenceStore
from services.kernel.errors import Refusal


class GridService:
    """Answers the contract's `GridService`."""

    name = "grid"
    contract = grid.DESCRIPTOR.services_by_name["GridService"]
    settings = GridSettings

    uow = UnitOfWork()
    config = Config(GridSettings)
    identity = GrpcClient(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"], service="identity")

    @rpc
    def FileIncident(self, request: grid.FileIncidentRequest, call: Call) -> grid.FileIncidentResponse:
        """Files a report; its region is read from identity before the transaction begins."""
        report = wire.report(request.report)
        region = self._region(report.region)
        incident = usecases.file_incident(self.uow, self._incidents, self._reference, report, region, call.region)
        return grid.FileIncidentResponse(incident=wire.incident_message(incident, call.caller.department))

    @rpc
    def GetIncident(self, request: grid.GetIncidentRequest, call: Call) -> grid.GetIncidentResponse:
        """Reads one incident."""
        incident = self._incidents.load(UUID(request.incident_id), call.region)
        return grid.GetIncidentResponse(incident=wire.incident_message(incident, call.caller.department))

    @rpc
    def ListIncidents(self, request: grid.ListIncidentsRequest, call: Call) -> grid.ListIncidentsResponse:
        """Lists incidents, newest first."""
        page = self._incidents.search(
            call.region,
            wire.incident_page(request.page),
            state=wire.STATES.get(request.state),
            region=request.region,
            case_number=request.case_number,
        )
        return wire.incidents_message(page, call.caller.department)

    @rpc
    def DispatchIncident(self, request: grid.DispatchIncidentRequest, call: Call) -> grid.DispatchIncidentResponse:
        """Dispatches an incident."""
        incident = usecases.dispatch_incident(
            self.uow,
            self._incidents,
            self._reference,
            UUID(request.incident_id),
            call.region,
            seen=request.version,
            named=request.department,
            default_hours=self.config.handle_within_hours,
        )
        return grid.DispatchIncidentResponse(incident=wire.incident_message(incident, call.caller.department))

    @rpc
    def CloseIncident(self, request: grid.CloseIncidentRequest, call: Call) -> grid.CloseIncidentResponse:
        """Closes an incident."""
        incident = usecases.close_incident(
            self.uow,
            self._incidents,
            UUID(request.incident_id),
            call.region,
            seen=request.version,
            outcome=wire.OUTCOMES[request.outcome],
        )
        return grid.CloseIncidentResponse(incident=wire.incident_message(incident, call.caller.department))

    @rpc
    def ListIncidentTypes(self, request: grid.ListIncidentTypesRequest, call: Call) -> grid.ListIncidentTypesResponse:
        """Lists the incident types in use."""
        page = self._reference.types(
            wire.type_page(request.page), kind=wire.KINDS.get(request.kind), category_code=request.category_code
        )
        return wire.types_message(page)

    @property
    def _incidents(self) -> IncidentStore:
        return IncidentStore(self.uow.connection)

    @property
    def _reference(self) -> ReferenceStore:
        return ReferenceStore(self.uow.connection)

    def _region(self, code: str) -> Region | None:
        """What identity knows of a region; None when it knows nothing, for the domain to refuse with the rest."""
        try:
            return wire.region(self.identity.GetRegion(identity_service_pb2.GetRegionRequest(code=code)).region)
        except Refusal as refusal:
            if refusal.reason != "REGION_UNKNOWN":
                raise
            return None
