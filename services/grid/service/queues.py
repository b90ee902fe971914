"""Queues (待办): what waits for whom."""

from __future__ import annotations

from egov.grid.v1 import queues_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.grid.domain.queues import Desk, QueueKind
from services.grid.service.base import Methods
from services.grid.store.queues import QueueStore
from services.grid.wire import queues
from services.grid.wire.routing import plan_messages
from services.kernel.parties import Party


class QueueMethods(Methods):
    """`ListQueues`, `GetQueue`."""

    @rpc
    def ListQueues(self, request: queues_pb2.ListQueuesRequest, call: Call) -> queues_pb2.ListQueuesResponse:
        """Counts what waits."""
        store, desk = QueueStore(self.uow.connection), self._desk(request, call)
        mine = store.open_reports(desk.reporting(Party(*call.caller.party)))
        return queues.queues_message({**store.counts(desk), QueueKind.MINE: mine})

    @rpc
    def GetQueue(self, request: queues_pb2.GetQueueRequest, call: Call) -> queues_pb2.GetQueueResponse:
        """Lists what waits in one queue."""
        party, kind = Party(*call.caller.party), queues.KINDS[request.kind]
        desk = self._desk(request, call)
        desk = desk.reporting(party) if kind is QueueKind.MINE else desk
        page = QueueStore(self.uow.connection).page(desk, kind, queues.queue_page(request.page))
        filed = kind in (QueueKind.TO_DISPATCH, QueueKind.UNDECIDED)
        asked = request.with_plans and filed and call.caller.department
        planned = self._plans(page.rows) if asked else {}
        answer = queues.queue_message(page, call.caller.department, party, plan_messages(planned))
        self._show_numbers(answer.incidents, call)
        return answer

    def _desk(self, request: queues_pb2.ListQueuesRequest | queues_pb2.GetQueueRequest, call: Call) -> Desk:
        now = self.uow.now()
        soon = now + queues.soon(request.soon_hours)
        return Desk.of(call.caller, call.region, whole_region=request.whole_region, now=now, soon=soon)
