"""The methods of an incident from the report to the close."""

from __future__ import annotations

from uuid import UUID

from egov.grid.v1 import grid_service_pb2 as grid

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.chassis.regions import known_region
from services.grid import usecases
from services.grid.domain.clocks import explain, of_step
from services.grid.domain.reports import only_reports_of
from services.grid.service.base import Methods, shown
from services.grid.store.search import SearchStore
from services.grid.wire import catalogue, clocks, codes, messages, search
from services.grid.wire.evidence import proofs
from services.grid.wire.messages import which
from services.kernel.parties import Party


class IncidentMethods(Methods):
    """The way of most incidents, and how they are read."""

    @rpc
    def FileIncident(self, request: grid.FileIncidentRequest, call: Call) -> grid.FileIncidentResponse:
        """Files a report; its grid is looked up, and its region read from identity, before the transaction begins."""
        report = self._placed(messages.report(request.report, self.uow.now()))
        region = known_region(self.identity.GetRegion, report.registered_region)
        incident = usecases.file_incident(
            self.uow, self._incidents, self._reference, report, region, call.region, self._limits, self._dispatching
        )
        return grid.FileIncidentResponse(incident=shown(incident, call))

    @rpc
    def GetIncident(self, request: grid.GetIncidentRequest, call: Call) -> grid.GetIncidentResponse:
        """Reads one incident."""
        incident = self._incidents.show(UUID(request.incident_id), call.region, only_reports_of(call.caller))
        return grid.GetIncidentResponse(incident=self._shown_with_numbers(incident, call))

    @rpc
    def ExplainClock(self, request: grid.ExplainClockRequest, call: Call) -> grid.ExplainClockResponse:
        """Explains where the time of an incident went."""
        reporter = only_reports_of(call.caller)
        incident = self._incidents.show(UUID(request.incident_id), call.region, reporter)
        limits, now = self._limits, self.uow.now()
        # What departments ask one another is none of the reporter's, who is shown no request for time either.
        shown = incident.clocks if reporter is None else of_step(incident.clocks)
        explained = [explain(each, limits.calendar(each), now) for each in shown]
        return clocks.clocks_message(explained, call.language)

    @rpc
    def ListIncidents(self, request: grid.ListIncidentsRequest, call: Call) -> grid.ListIncidentsResponse:
        """Lists incidents, newest first."""
        sought = search.listed(request, call.caller, call.region)
        page = SearchStore(self.uow.connection).page(sought, messages.incident_page(request.page))
        return messages.incidents_message(page, call.caller.department, Party(*call.caller.party))

    @rpc
    def DispatchIncident(self, request: grid.DispatchIncidentRequest, call: Call) -> grid.DispatchIncidentResponse:
        """Dispatches an incident."""
        incident = usecases.dispatch_incident(
            self.uow,
            self._incidents,
            self._reference,
            which(request, call.region),
            named=request.department,
            limits=self._limits,
            dispatching=self._dispatching,
            urgency=catalogue.URGENCIES[request.urgency],
        )
        return grid.DispatchIncidentResponse(incident=shown(incident, call))

    @rpc
    def AcceptIncident(self, request: grid.AcceptIncidentRequest, call: Call) -> grid.AcceptIncidentResponse:
        """Accepts an incident."""
        incident = usecases.accept_incident(self.uow, self._incidents, which(request, call.region), limits=self._limits)
        usecases.set_number(self.uow, self._numbers, incident, request.department_number)
        return grid.AcceptIncidentResponse(incident=self._shown_with_numbers(incident, call))

    @rpc
    def ReturnIncident(self, request: grid.ReturnIncidentRequest, call: Call) -> grid.ReturnIncidentResponse:
        """Returns an incident to the grid centre."""
        incident = usecases.return_incident(
            self.uow,
            self._incidents,
            which(request, call.region),
            reason=codes.RETURN_REASONS[request.reason],
            limits=self._limits,
            rules=self._rules,
        )
        return grid.ReturnIncidentResponse(incident=shown(incident, call))

    @rpc
    def ReportHandled(self, request: grid.ReportHandledRequest, call: Call) -> grid.ReportHandledResponse:
        """Reports an incident handled."""
        incident = usecases.report_handled(
            self.uow,
            self._incidents,
            self._reference,
            which(request, call.region),
            limits=self._limits,
            proofs=proofs(request.evidence, self.uow.now()),
        )
        return grid.ReportHandledResponse(incident=shown(incident, call))

    @rpc
    def VerifyIncident(self, request: grid.VerifyIncidentRequest, call: Call) -> grid.VerifyIncidentResponse:
        """Says whether an incident is handled."""
        incident = usecases.verify_incident(
            self.uow,
            self._incidents,
            self._reference,
            which(request, call.region),
            passed=request.passed,
            limits=self._limits,
            proofs=proofs(request.evidence, self.uow.now()),
        )
        return grid.VerifyIncidentResponse(incident=shown(incident, call))

    @rpc
    def CloseIncident(self, request: grid.CloseIncidentRequest, call: Call) -> grid.CloseIncidentResponse:
        """Closes an incident."""
        incident = usecases.close_incident(
            self.uow,
            self._incidents,
            which(request, call.region),
            outcome=codes.OUTCOMES[request.outcome],
            reason=request.reason,
            limits=self._limits,
            reply=request.reply,
        )
        return grid.CloseIncidentResponse(incident=shown(incident, call))

    @rpc
    def ReopenIncident(self, request: grid.ReopenIncidentRequest, call: Call) -> grid.ReopenIncidentResponse:
        """Reopens what the caller reported."""
        incident = usecases.reopen_incident(
            self.uow, self._incidents, which(request, call.region), limits=self._limits, rules=self._rules
        )
        return grid.ReopenIncidentResponse(incident=shown(incident, call))
