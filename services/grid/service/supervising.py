"""Supervision (督办): what a level above orders."""

from __future__ import annotations

from egov.grid.v1 import changes_pb2 as changes

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.chassis.moments import moment
from services.grid import usecases
from services.grid.service.base import Methods, shown
from services.grid.wire.messages import which


class SupervisingMethods(Methods):
    """`SuperviseIncident`."""

    @rpc
    def SuperviseIncident(
        self, request: changes.SuperviseIncidentRequest, call: Call
    ) -> changes.SuperviseIncidentResponse:
        """Orders that an incident is handled by a day."""
        incident = usecases.supervise_incident(
            self.uow,
            self._incidents,
            which(request, call.region),
            request.reason,
            moment(request.answer_by),
            self._limits,
        )
        return changes.SuperviseIncidentResponse(incident=shown(incident, call))
