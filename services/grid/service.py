"""The grid service (网格): incidents from the report to the close."""

from __future__ import annotations

import logging
from uuid import UUID

from egov.grid.v1 import grid_service_pb2 as grid
from egov.identity.v1 import identity_service_pb2
from egov.inspection.v1 import events_pb2 as inspection_events

from services.chassis import logs, metrics
from services.chassis.call import Call, Due
from services.chassis.client import GrpcClient
from services.chassis.config import Config
from services.chassis.entrypoints import BEGINNING, due, every, on, rpc
from services.chassis.moments import moment_in
from services.chassis.reads import Reads
from services.chassis.regions import known_region
from services.chassis.uow import UnitOfWork
from services.grid import usecases
from services.grid.config import GridSettings
from services.grid.domain.clocks import explain
from services.grid.domain.places import grid_of
from services.grid.domain.reports import only_reports_of
from services.grid.rpc.actions import ActionMethods
from services.grid.rpc.base import shown
from services.grid.rpc.batches import BatchMethods
from services.grid.rpc.catalogue import CatalogueMethods
from services.grid.rpc.ending import EndingMethods
from services.grid.rpc.queues import QueueMethods
from services.grid.rpc.search import SearchMethods
from services.grid.rpc.sync import SyncMethods
from services.grid.rpc.time import TimeMethods
from services.grid.wire import catalogue, clocks, codes, events, messages, places
from services.kernel.parties import Party

log = logging.getLogger(__name__)

CONSUMER = "inspections"


class GridService(
    TimeMethods, EndingMethods, ActionMethods, CatalogueMethods, BatchMethods, SyncMethods, QueueMethods, SearchMethods
):
    """Answers the contract's `GridService`."""

    name = "grid"
    contract = grid.DESCRIPTOR.services_by_name["GridService"]
    settings = GridSettings

    uow = UnitOfWork()
    reads = Reads()
    config = Config(GridSettings)
    identity = GrpcClient(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"], service="identity")

    @rpc
    def FileIncident(self, request: grid.FileIncidentRequest, call: Call) -> grid.FileIncidentResponse:
        """Files a report; its grid is looked up, and its region read from identity, before the transaction begins."""
        report = self._placed(messages.report(request.report))
        region = known_region(self.identity.GetRegion, report.registered_region)
        incident = usecases.file_incident(
            self.uow, self._incidents, self._reference, report, region, call.region, self._limits
        )
        return grid.FileIncidentResponse(incident=shown(incident, call))

    @rpc
    def GetIncident(self, request: grid.GetIncidentRequest, call: Call) -> grid.GetIncidentResponse:
        """Reads one incident."""
        incident = self._incidents.show(UUID(request.incident_id), call.region, only_reports_of(call.caller))
        return grid.GetIncidentResponse(incident=shown(incident, call))

    @rpc
    def ExplainClock(self, request: grid.ExplainClockRequest, call: Call) -> grid.ExplainClockResponse:
        """Explains where the time of an incident went."""
        incident = self._incidents.show(UUID(request.incident_id), call.region, only_reports_of(call.caller))
        limits, now = self._limits, self.uow.now()
        explained = [explain(each, limits.calendar(each), now) for each in incident.clocks]
        return clocks.clocks_message(explained, call.language)

    @rpc
    def ListIncidents(self, request: grid.ListIncidentsRequest, call: Call) -> grid.ListIncidentsResponse:
        """Lists incidents, newest first."""
        page = self._incidents.search(
            call.region,
            messages.incident_page(request.page),
            reported_by=only_reports_of(call.caller),
            state=codes.STATES.get(request.state),
            region=request.region,
            case_number=request.case_number,
        )
        return messages.incidents_message(page, call.caller.department, Party(*call.caller.party))

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
            limits=self._limits,
            urgency=catalogue.URGENCIES[request.urgency],
        )
        return grid.DispatchIncidentResponse(incident=shown(incident, call))

    @rpc
    def AcceptIncident(self, request: grid.AcceptIncidentRequest, call: Call) -> grid.AcceptIncidentResponse:
        """Accepts an incident."""
        incident = usecases.accept_incident(
            self.uow,
            self._incidents,
            UUID(request.incident_id),
            call.region,
            seen=request.version,
            limits=self._limits,
        )
        return grid.AcceptIncidentResponse(incident=shown(incident, call))

    @rpc
    def ReturnIncident(self, request: grid.ReturnIncidentRequest, call: Call) -> grid.ReturnIncidentResponse:
        """Returns an incident to the grid centre."""
        incident = usecases.return_incident(
            self.uow,
            self._incidents,
            UUID(request.incident_id),
            call.region,
            seen=request.version,
            reason=codes.RETURN_REASONS[request.reason],
            limits=self._limits,
        )
        return grid.ReturnIncidentResponse(incident=shown(incident, call))

    @rpc
    def ReportHandled(self, request: grid.ReportHandledRequest, call: Call) -> grid.ReportHandledResponse:
        """Reports an incident handled."""
        incident = usecases.report_handled(
            self.uow,
            self._incidents,
            UUID(request.incident_id),
            call.region,
            seen=request.version,
            limits=self._limits,
        )
        return grid.ReportHandledResponse(incident=shown(incident, call))

    @rpc
    def VerifyIncident(self, request: grid.VerifyIncidentRequest, call: Call) -> grid.VerifyIncidentResponse:
        """Says whether an incident is handled."""
        incident = usecases.verify_incident(
            self.uow,
            self._incidents,
            UUID(request.incident_id),
            call.region,
            seen=request.version,
            passed=request.passed,
            limits=self._limits,
        )
        return grid.VerifyIncidentResponse(incident=shown(incident, call))

    @rpc
    def CloseIncident(self, request: grid.CloseIncidentRequest, call: Call) -> grid.CloseIncidentResponse:
        """Closes an incident."""
        incident = usecases.close_incident(
            self.uow,
            self._incidents,
            UUID(request.incident_id),
            call.region,
            seen=request.version,
            outcome=codes.OUTCOMES[request.outcome],
            reason=request.reason,
            limits=self._limits,
        )
        return grid.CloseIncidentResponse(incident=shown(incident, call))

    @rpc
    def ReopenIncident(self, request: grid.ReopenIncidentRequest, call: Call) -> grid.ReopenIncidentResponse:
        """Reopens what the caller reported."""
        incident = usecases.reopen_incident(
            self.uow,
            self._incidents,
            UUID(request.incident_id),
            call.region,
            seen=request.version,
            limits=self._limits,
        )
        return grid.ReopenIncidentResponse(incident=shown(incident, call))

    @rpc
    def LocatePosition(self, request: grid.LocatePositionRequest, call: Call) -> grid.LocatePositionResponse:
        """Finds the grid of a position; names of regions are read from identity."""
        found = grid_of(places.position(request.position), self._net)
        regions = [known_region(self.identity.GetRegion, code) for code in places.codes_of(found).values()]
        names = {region.code: region.name for region in regions if region}
        return grid.LocatePositionResponse(place=places.place_message(found, names))

    @rpc
    def ListIncidentTypes(self, request: grid.ListIncidentTypesRequest, call: Call) -> grid.ListIncidentTypesResponse:
        """Lists the incident types in use."""
        at = moment_in(request, "in_force_at") or self.uow.now()
        page = self._reference.types(
            messages.type_page(request.page),
            at,
            kind=codes.KINDS.get(request.kind),
            category_code=request.category_code,
        )
        return catalogue.types_message(page, self._catalogues.stages(at), self._catalogues.mappings(at))

    @on(inspection_events.InspectionOpened, id=CONSUMER, start=BEGINNING)
    def inspection_opened(self, event: inspection_events.InspectionOpened, call: Call) -> None:
        """Its incident is accepted."""
        usecases.begin_inspection(self.uow, self._incidents, events.opened_inspection(event), self._limits)

    @on(inspection_events.InspectionClosed, id=CONSUMER, start=BEGINNING)
    def inspection_closed(self, event: inspection_events.InspectionClosed, call: Call) -> None:
        """Its incident is handled."""
        usecases.end_inspection(self.uow, self._incidents, events.closed_inspection(event), self._limits)

    @due(usecases.CLOCK)
    def look_at_incident(self, due: Due) -> None:
        """Warns whoever holds it that its time runs out, or tells the next level up that it is over."""
        found = usecases.check_clock(self.uow, self._incidents, self._limits, UUID(due.key), due.at)
        if found is usecases.Finding.CALENDAR_ENDS:
            message = "a deadline waits for the next year's working days: load them"
            logs.event(log, logging.ERROR, message, reason=found.value)

    @every(seconds=600)
    def mend_incidents(self) -> bool:
        """Mends one open incident that nobody would look at again, in a transaction of its own; then the next one."""
        mended = usecases.repair_next(self.uow, self._incidents, self._reference, self._limits)
        if mended is not None:
            what, case_number = mended
            logs.event(log, logging.WARNING, "an open incident was mended", reason=what, case_number=case_number)
            metrics.mended(what)
        return mended is not None
