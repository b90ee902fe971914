"""Batches of reports (批量上报): each item is a change of its own."""

from __future__ import annotations

from functools import partial

from egov.grid.v1 import batches_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.chassis.items import ItemWork, Work, item_refusal
from services.chassis.regions import known_region
from services.chassis.transaction import Transaction
from services.grid.service.base import Methods
from services.grid.store.batches import BatchStore
from services.grid.usecases.batches import submit_item
from services.grid.wire import batches
from services.kernel import checks
from services.kernel.errors import Refusal


class BatchMethods(Methods):
    """`SubmitBatch`."""

    items = ItemWork()

    @rpc
    def SubmitBatch(self, request: batches_pb2.SubmitBatchRequest, call: Call) -> batches_pb2.SubmitBatchResponse:
        """Files each item by itself."""
        do = partial(self._submitted, bound=call.region)
        items = map(batches.under_its_id, request.items)
        outcomes = self.items.each(call, items, Work("item_id", batches_pb2.FiledItem, do))
        results = [_result(item.item_id, outcome) for item, outcome in zip(request.items, outcomes, strict=True)]
        return batches_pb2.SubmitBatchResponse(results=results)

    def _submitted(self, item: batches_pb2.BatchItem, uow: Transaction, bound: str) -> batches_pb2.FiledItem:
        self.uow = uow  # From here on the worker's change is this item's.
        submission = batches.submission(item, self._placed, uow.now())
        region = known_region(self.identity.GetRegion, submission.report.registered_region)
        submitted = submit_item(
            uow,
            BatchStore(uow.connection),
            self._incidents,
            self._reference,
            submission,
            region,
            bound,
            self._limits,
            self._dispatching,
        )
        return batches.filed_item(submitted)


def _result(item_id: str, outcome: batches_pb2.FiledItem | Refusal) -> batches_pb2.BatchResult:
    known = item_id if checks.is_uuid(item_id.lower()) else ""
    return batches.batch_result(known, item_refusal(outcome) if isinstance(outcome, Refusal) else outcome)
