"""The way in: checked on site, filed or declined, objected to."""

from __future__ import annotations

from egov.grid.v1 import intake_pb2 as intake

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.grid import usecases
from services.grid.service.base import Methods, shown
from services.grid.wire.evidence import proofs
from services.grid.wire.messages import which


class IntakeMethods(Methods):
    """What becomes of a report that is checked before it is filed."""

    @rpc
    def CheckReport(self, request: intake.CheckReportRequest, call: Call) -> intake.CheckReportResponse:
        """Says what was found on site."""
        incident = usecases.check_report(
            self.uow,
            self._incidents,
            which(request, call.region),
            found=request.found,
            remark=request.remark,
            proofs=proofs(request.evidence, self.uow.now()),
            limits=self._limits,
        )
        return intake.CheckReportResponse(incident=shown(incident, call))

    @rpc
    def FileReport(self, request: intake.FileReportRequest, call: Call) -> intake.FileReportResponse:
        """Files what was checked."""
        incident = usecases.file_report(
            self.uow, self._incidents, which(request, call.region), self._limits, self._rules
        )
        return intake.FileReportResponse(incident=shown(incident, call))

    @rpc
    def DeclineReport(self, request: intake.DeclineReportRequest, call: Call) -> intake.DeclineReportResponse:
        """Does not accept, or does not file."""
        incident = usecases.decline_report(
            self.uow, self._incidents, which(request, call.region), request.reason, self._limits
        )
        return intake.DeclineReportResponse(incident=shown(incident, call))

    @rpc
    def ObjectToDecision(self, request: intake.ObjectToDecisionRequest, call: Call) -> intake.ObjectToDecisionResponse:
        """Has it checked once more for whoever reported it."""
        incident = usecases.object_to_decision(self.uow, self._incidents, which(request, call.region), self._limits)
        return intake.ObjectToDecisionResponse(incident=shown(incident, call))
