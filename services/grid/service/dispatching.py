"""Dispatch (派遣): the rules by which it is decided, and why it was."""

from __future__ import annotations

from uuid import UUID

from egov.grid.v1 import routing_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.chassis.moments import moment_in
from services.grid import usecases
from services.grid.domain.reports import only_reports_of
from services.grid.domain.routing import Case, demand_near
from services.grid.domain.versions import demand_city
from services.grid.service.versions import VersionMethods
from services.grid.store.routing import RoutingStore
from services.grid.wire import routing
from services.grid.wire.codes import key_of
from services.grid.wire.own_view import own_dispatches
from services.grid.wire.routing_sheets import read_routing, routing_sheets_of
from services.grid.wire.versions import version_page
from services.kernel.errors import Violation, invalid


class DispatchMethods(VersionMethods):
    """`ExplainDispatch`, `PlanDispatch`, `ImportRouting`, `ListRoutings`."""

    @rpc
    def ExplainDispatch(
        self, request: routing_pb2.ExplainDispatchRequest, call: Call
    ) -> routing_pb2.ExplainDispatchResponse:
        """Explains why an incident went where it did, and where it would go now."""
        incident = self._incidents.show(UUID(request.incident_id), call.region, only_reports_of(call.caller))
        kept = self._dispatching.kept(incident.id)
        if not call.caller.department:
            return own_dispatches(routing.explanation_message(kept, None))
        return routing.explanation_message(kept, self._plans([incident]).get(incident.id))

    @rpc
    def PlanDispatch(self, request: routing_pb2.PlanDispatchRequest, call: Call) -> routing_pb2.PlanDispatchResponse:
        """Says where what might be reported would go."""
        if not request.region.startswith(call.region):
            raise invalid(Violation("region", "REGION_UNKNOWN"))
        now = self.uow.now()
        at = moment_in(request, "at") or now
        demand_near(at, now)
        fallback = self._reference.rules_for(request.region, at)
        case = Case(key_of(request.type), request.region)
        version, [planned] = usecases.plan(self._dispatching, [(case, fallback)], self._limits, at)
        return routing_pb2.PlanDispatchResponse(planned=routing.decision_message(version, planned))

    @rpc
    def ImportRouting(self, request: routing_pb2.ImportRoutingRequest, call: Call) -> routing_pb2.ImportRoutingResponse:
        """Imports routing rules."""
        demand_city(call.region)
        sheets = routing_sheets_of((each.name, each.content) for each in request.sheets)
        said = read_routing(sheets, self._working, self._reference.departments())
        outcome, version = self._imported(request, sheets, said, self._routings)
        return routing.import_message(outcome, version, said, sheets.faults)

    @rpc
    def ListRoutings(self, request: routing_pb2.ListRoutingsRequest, call: Call) -> routing_pb2.ListRoutingsResponse:
        """Lists the routing rules that were imported."""
        return routing.versions_message(self._routings.versions(version_page(request.page)))

    @property
    def _routings(self) -> RoutingStore:
        return RoutingStore(self.uow.connection)
