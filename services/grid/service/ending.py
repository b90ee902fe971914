"""Duplicates, mistakes, and what the reporter thinks."""

from __future__ import annotations

from uuid import UUID

from egov.grid.v1 import changes_pb2 as changes

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.grid import usecases
from services.grid.service.base import Methods, shown
from services.grid.wire.codes import SATISFACTIONS
from services.grid.wire.messages import which


class EndingMethods(Methods):
    """Ends of an incident beside its close."""

    @rpc
    def MergeIncident(self, request: changes.MergeIncidentRequest, call: Call) -> changes.MergeIncidentResponse:
        """Merges a duplicate into its main incident."""
        incident = usecases.merge_incident(
            self.uow, self._incidents, which(request, call.region), UUID(request.main_incident_id), self._limits
        )
        return changes.MergeIncidentResponse(incident=shown(incident, call))

    @rpc
    def SplitIncident(self, request: changes.SplitIncidentRequest, call: Call) -> changes.SplitIncidentResponse:
        """Splits off what is no duplicate."""
        incident = usecases.split_incident(
            self.uow, self._incidents, which(request, call.region), self._limits, self._rules
        )
        return changes.SplitIncidentResponse(incident=shown(incident, call))

    @rpc
    def VoidIncident(self, request: changes.VoidIncidentRequest, call: Call) -> changes.VoidIncidentResponse:
        """Voids what was filed by mistake."""
        incident = usecases.void_incident(
            self.uow, self._incidents, which(request, call.region), request.reason, self._limits, request.reply
        )
        return changes.VoidIncidentResponse(incident=shown(incident, call))

    @rpc
    def RateIncident(self, request: changes.RateIncidentRequest, call: Call) -> changes.RateIncidentResponse:
        """Says what the reporter thinks of the outcome."""
        satisfaction = SATISFACTIONS[request.satisfaction]
        incident = usecases.rate_incident(
            self.uow, self._incidents, which(request, call.region), satisfaction, self._limits
        )
        return changes.RateIncidentResponse(incident=shown(incident, call))
