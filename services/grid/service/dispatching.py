"""Dispatch (派遣): the rules by which it is decided, and why it was."""

from __future__ import annotations

from uuid import UUID

from egov.grid.v1 import routing_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.chassis.moments import moment_in
from services.grid import usecases
from services.grid.domain.catalogue import Outcome, demand_city
from services.grid.domain.reports import only_reports_of
from services.grid.domain.routing import Case, Routing, demand_near
from services.grid.service.base import CALENDARS, Methods
from services.grid.store.routing import RoutingStore
from services.grid.wire import routing
from services.grid.wire.catalogue import version_page
from services.grid.wire.codes import key_of
from services.grid.wire.routing_sheets import read_routing, routing_sheets_of
from services.grid.wire.sheets import WorkingTime
from services.kernel.errors import Violation, invalid


class DispatchMethods(Methods):
    """`ExplainDispatch`, `PlanDispatch`, `ImportRouting`, `ListRoutings`."""

    @rpc
    def ExplainDispatch(
        self, request: routing_pb2.ExplainDispatchRequest, call: Call
    ) -> routing_pb2.ExplainDispatchResponse:
        """Explains why an incident went where it did, and where it would go now."""
        incident = self._incidents.show(UUID(request.incident_id), call.region, only_reports_of(call.caller))
        kept = self._dispatching.kept(incident.id)
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
        said = read_routing(sheets, WorkingTime.of(CALENDARS.now(self.uow.connection)))
        if sheets.faults:
            return routing.import_message(Outcome.FAULTY, None, Routing(), sheets.faults)
        begin, now = moment_in(request, "effective_from"), self.uow.now()
        outcome, version = usecases.take_routing(
            self._routings, said, effective_from=begin, now=now, dry_run=request.dry_run
        )
        return routing.import_message(outcome, version, said, ())

    @rpc
    def ListRoutings(self, request: routing_pb2.ListRoutingsRequest, call: Call) -> routing_pb2.ListRoutingsResponse:
        """Lists the routing rules that were imported."""
        return routing.versions_message(self._routings.versions(version_page(request.page)))

    @property
    def _routings(self) -> RoutingStore:
        return RoutingStore(self.uow.connection)
