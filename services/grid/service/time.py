"""Holds and extensions."""

from __future__ import annotations

from egov.grid.v1 import changes_pb2 as changes

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.chassis.moments import moment, moment_in
from services.grid import usecases
from services.grid.service.base import Methods, shown
from services.grid.wire.messages import which


class TimeMethods(Methods):
    """Time for a department that cannot do its work in time."""

    @rpc
    def AskHold(self, request: changes.AskHoldRequest, call: Call) -> changes.AskHoldResponse:
        """Asks for a hold."""
        incident = usecases.ask_hold(
            self.uow,
            self._incidents,
            which(request, call.region),
            request.reason,
            moment(request.review_at),
            self._limits,
        )
        return changes.AskHoldResponse(incident=shown(incident, call))

    @rpc
    def AskExtension(self, request: changes.AskExtensionRequest, call: Call) -> changes.AskExtensionResponse:
        """Asks for an extension."""
        incident = usecases.ask_extension(
            self.uow, self._incidents, which(request, call.region), request.reason, request.units, self._limits
        )
        return changes.AskExtensionResponse(incident=shown(incident, call))

    @rpc
    def DecideTime(self, request: changes.DecideTimeRequest, call: Call) -> changes.DecideTimeResponse:
        """Grants or refuses what was asked for."""
        incident = usecases.decide_time(
            self.uow,
            self._incidents,
            which(request, call.region),
            granted=request.granted,
            reason=request.reason,
            review_at=moment_in(request, "review_at"),
            units=request.units,
            limits=self._limits,
        )
        return changes.DecideTimeResponse(incident=shown(incident, call))

    @rpc
    def ResumeIncident(self, request: changes.ResumeIncidentRequest, call: Call) -> changes.ResumeIncidentResponse:
        """Ends a hold."""
        incident = usecases.resume_incident(self.uow, self._incidents, which(request, call.region), self._limits)
        return changes.ResumeIncidentResponse(incident=shown(incident, call))

    @rpc
    def EndHold(self, request: changes.EndHoldRequest, call: Call) -> changes.EndHoldResponse:
        """Ends a hold that the department would go on with."""
        incident = usecases.end_hold(
            self.uow, self._incidents, which(request, call.region), request.reason, self._limits
        )
        return changes.EndHoldResponse(incident=shown(incident, call))
