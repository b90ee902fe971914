"""Stages of the handling."""

from __future__ import annotations

from egov.grid.v1 import progress_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.grid import usecases
from services.grid.service.base import Methods, shown
from services.grid.wire.messages import which


class ProgressMethods(Methods):
    """What a department does stage by stage."""

    @rpc
    def ReportProgress(
        self, request: progress_pb2.ReportProgressRequest, call: Call
    ) -> progress_pb2.ReportProgressResponse:
        """Reports a stage done."""
        incident = usecases.report_progress(
            self.uow,
            self._incidents,
            which(request, call.region),
            condition_met=request.condition_met,
            limits=self._limits,
        )
        return progress_pb2.ReportProgressResponse(incident=shown(incident, call))
