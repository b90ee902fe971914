"""Batches: between the contract and the domain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from egov.common.v1 import refusals_pb2
from egov.grid.v1 import batches_pb2

from services.chassis.moments import moment, stamp
from services.grid.domain.batches import Submission, Submitted
from services.grid.domain.reports import Report
from services.grid.wire.messages import report


def under_its_id(item: batches_pb2.BatchItem) -> batches_pb2.BatchItem:
    """The item under its id as it is kept: some phones write a UUID in capitals."""
    kept = batches_pb2.BatchItem()
    kept.CopyFrom(item)
    kept.item_id = item.item_id.lower()
    return kept


def submission(item: batches_pb2.BatchItem, placed: Callable[[Report], Report], now: datetime) -> Submission:
    """What a phone submitted, from a request; `placed` finds the grid of its position."""
    digest = hashlib.sha256(item.SerializeToString(deterministic=True)).digest()
    noted = replace(report(item.report, now), captured_at=moment(item.captured_at))
    return Submission(UUID(item.item_id), placed(noted), digest)


def filed_item(submitted: Submitted) -> batches_pb2.FiledItem:
    """What it was filed as, for an answer."""
    return batches_pb2.FiledItem(
        incident_id=str(submitted.incident_id),
        case_number=submitted.case_number,
        captured_at=stamp(submitted.captured_at),
        received_at=stamp(submitted.received_at),
    )


def batch_result(item_id: str, outcome: batches_pb2.FiledItem | refusals_pb2.ItemRefusal) -> batches_pb2.BatchResult:
    """What became of an item, for an answer."""
    if isinstance(outcome, batches_pb2.FiledItem):
        return batches_pb2.BatchResult(item_id=item_id, filed=outcome)
    return batches_pb2.BatchResult(item_id=item_id, refused=outcome)
