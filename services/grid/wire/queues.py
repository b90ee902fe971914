"""Queues: between the contract and the domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from egov.common.v1 import paging_pb2
from egov.grid.v1 import queues_pb2, routing_pb2

from services.grid.domain.incidents import Incident
from services.grid.domain.queues import QueueKind
from services.grid.wire.messages import incident_message
from services.kernel.paging import Page, PageRequest, instant, page_request
from services.kernel.parties import Party

KINDS = {getattr(queues_pb2, f"QUEUE_KIND_{kind}"): kind for kind in QueueKind}
KINDS_OUT = {kind: number for number, kind in KINDS.items()}
SOON = timedelta(hours=24)


def soon(hours: int) -> timedelta:
    """Within how long what is due is due soon, from a request."""
    return timedelta(hours=hours) if hours else SOON


def queue_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of a queue; sorted by (urgency, id)."""
    return page_request(message.page_size, message.page_token, instant, UUID)


def queues_message(counts: Mapping[QueueKind, int]) -> queues_pb2.ListQueuesResponse:
    """How much waits, for an answer."""
    queues = [queues_pb2.Queue(kind=KINDS_OUT[kind], count=counts[kind]) for kind in QueueKind]
    return queues_pb2.ListQueuesResponse(queues=queues)


def queue_message(
    page: Page[Incident],
    department: str | None,
    party: Party,
    plans: Iterable[routing_pb2.PlannedDispatch] = (),
) -> queues_pb2.GetQueueResponse:
    """A page of a queue, for an answer to this party, who speaks for this department; `plans` of its incidents."""
    return queues_pb2.GetQueueResponse(
        incidents=[incident_message(each, department, party) for each in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
        plans=plans,
    )
