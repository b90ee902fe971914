"""What a caller may do now."""

from __future__ import annotations

from uuid import UUID

from egov.grid.v1 import actions_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.grid.domain.actions import Asked, actions_of, needing
from services.grid.domain.incidents import Incident
from services.grid.domain.reports import only_reports_of
from services.grid.service.base import Methods
from services.grid.wire.actions import actions_message, open_to
from services.kernel.parties import Party


class ActionMethods(Methods):
    """What may be done with an incident."""

    @rpc
    def ListActions(self, request: actions_pb2.ListActionsRequest, call: Call) -> actions_pb2.ListActionsResponse:
        """Lists what the caller may do now with an incident that they may read."""
        caller = call.caller
        incident = self._incidents.show(UUID(request.incident_id), call.region, only_reports_of(caller))
        now = self.uow.now()
        actions = actions_of(incident, open_to(caller), caller.department, Party(*caller.party), self._limits, now)
        asked = self._asked(incident)
        return actions_message(incident, [needing(each, incident, asked, now) for each in actions], now)

    def _asked(self, incident: Incident) -> Asked:
        return Asked(
            demanded=lambda: self._reference.evidence_for(incident.report.type, incident.filed_at),
            decision=lambda: self._plans([incident]).get(incident.id, (0, None))[1],
        )
