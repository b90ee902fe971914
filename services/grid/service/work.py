"""Work (部门取件): what a department's own system takes, and under which number it keeps it."""

from __future__ import annotations

from uuid import UUID

from egov.grid.v1 import work_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.grid import usecases
from services.grid.service.base import Methods
from services.grid.store.work import WorkStore


class WorkMethods(Methods):
    """`TakeNextIncident`, `SetDepartmentNumber`."""

    @rpc
    def TakeNextIncident(
        self, request: work_pb2.TakeNextIncidentRequest, call: Call
    ) -> work_pb2.TakeNextIncidentResponse:
        """Accepts what is most urgent."""
        waiting, number = WorkStore(self.uow.connection), request.department_number
        taken = usecases.take_next(
            self.uow, waiting, self._incidents, self._numbers, call.region, number=number, limits=self._limits
        )
        return work_pb2.TakeNextIncidentResponse(incident=self._shown_with_numbers(taken, call) if taken else None)

    @rpc
    def SetDepartmentNumber(
        self, request: work_pb2.SetDepartmentNumberRequest, call: Call
    ) -> work_pb2.SetDepartmentNumberResponse:
        """Keeps the department's own number."""
        incident = self._incidents.load(UUID(request.incident_id), call.region)
        usecases.set_number(self.uow, self._numbers, incident, request.department_number, request.replaces)
        return work_pb2.SetDepartmentNumberResponse(incident=self._shown_with_numbers(incident, call))
