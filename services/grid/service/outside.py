"""Outside bodies."""

from __future__ import annotations

from egov.grid.v1 import outside_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.grid import usecases
from services.grid.service.base import Methods, shown
from services.grid.wire.codes import OUTSIDE_ANSWERS
from services.grid.wire.messages import which
from services.grid.wire.outside import outside_request


class OutsideMethods(Methods):
    """What a body without a login here has to do."""

    @rpc
    def SendOutside(self, request: outside_pb2.SendOutsideRequest, call: Call) -> outside_pb2.SendOutsideResponse:
        """Sends an incident to an outside body."""
        asked = outside_request(request, self.uow.now())
        incident = usecases.send_outside(self.uow, self._incidents, which(request, call.region), asked, self._limits)
        return outside_pb2.SendOutsideResponse(incident=shown(incident, call))

    @rpc
    def RecordOutsideAnswer(
        self, request: outside_pb2.RecordOutsideAnswerRequest, call: Call
    ) -> outside_pb2.RecordOutsideAnswerResponse:
        """Writes down what the body answered."""
        incident = usecases.record_outside_answer(
            self.uow,
            self._incidents,
            which(request, call.region),
            OUTSIDE_ANSWERS[request.answer],
            request.reason,
            self._limits,
        )
        return outside_pb2.RecordOutsideAnswerResponse(incident=shown(incident, call))
