"""OperationsService, which every service serves: how its queues stand, and what is done about parked events."""

from __future__ import annotations

from typing import Any, cast

import sqlalchemy as sa
from egov.chassis.v1 import operations_service_pb2 as pb
from egov.common.v1 import paging_pb2
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.chassis import facts, inbox, metrics
from services.chassis.call import Call
from services.chassis.consumers import Consumers
from services.chassis.database import without_limit
from services.chassis.effects import effects_after
from services.chassis.entrypoints import every, rpc
from services.chassis.inbox import Kept
from services.chassis.moments import stamp
from services.chassis.resume import finish
from services.chassis.transaction import Transaction
from services.kernel.errors import failed_state, not_found
from services.kernel.paging import page_request

Lags = dict[tuple[str, str, int], int]

# By the inbox's words for what is done with, and the states of what is kept.
OUTCOMES = {
    "taken": pb.EFFECT_OUTCOME_TAKEN,
    "refused": pb.EFFECT_OUTCOME_REFUSED,
    "waiting": pb.EFFECT_OUTCOME_WAITING,
    "retried": pb.EFFECT_OUTCOME_RETRYING,
    "parked": pb.EFFECT_OUTCOME_PARKED,
    "discarded": pb.EFFECT_OUTCOME_DISCARDED,
    "PARKED": pb.EFFECT_OUTCOME_PARKED,
    "DEFERRED": pb.EFFECT_OUTCOME_RETRYING,
    "WAITING": pb.EFFECT_OUTCOME_WAITING,
}

CONTRACT = pb.DESCRIPTOR.services_by_name["OperationsService"]

QUEUES = sa.text(
    "SELECT (SELECT count(*) FROM chassis.outbox) AS outbox_depth,"
    " (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(logged_at)) * 1000, 0)::bigint FROM chassis.outbox)"
    "  AS outbox_age_ms,"
    " (SELECT count(*) FROM chassis.job WHERE state = 'PENDING') AS jobs_pending,"
    " (SELECT count(*) FROM chassis.job WHERE state = 'FAILED') AS jobs_failed"
)
# A consumer without parked events is told as well, so that its gauge goes back to 0.
PARKED_BY_CONSUMER = sa.text(
    "SELECT consumer, (SELECT count(*) FROM chassis.parked_event parked"
    " WHERE parked.consumer = known.consumer AND state = 'PARKED') AS events"
    " FROM (SELECT DISTINCT consumer FROM chassis.consumer_position) known"
)
KEPT = sa.text(
    "SELECT count(*) FILTER (WHERE state = 'PARKED') AS parked, count(*) FILTER (WHERE state = 'DEFERRED') AS deferred,"
    " count(*) FILTER (WHERE state = 'WAITING') AS waiting FROM chassis.parked_event"
)
RESTORED = sa.text("SELECT EXISTS (SELECT 1 FROM chassis.restored) AS restored")
LOGGED = sa.text("SELECT count(*) FROM chassis.event_log")
TAKEN = sa.text(
    "SELECT outcome, count(*) AS events FROM chassis.inbox"
    " WHERE outcome IN ('taken', 'refused', 'discarded') GROUP BY outcome"
)
POSITIONS = sa.text(
    "SELECT consumer, topic, partition, next_offset FROM chassis.consumer_position ORDER BY consumer, topic, partition"
)
PARKED = sa.text(
    "SELECT id, event_id, consumer, event_type, key, case_number, state, reason, attempts, parked_at, due_at"
    " FROM chassis.parked_event WHERE id > :after AND (:consumer = '' OR consumer = :consumer)"
    " AND (:case_number = '' OR case_number = :case_number) ORDER BY id LIMIT :limit"
)
KEY_OF = sa.text("SELECT key FROM chassis.parked_event WHERE consumer = :consumer AND event_id = :event_id")
SWEEP_JOBS = sa.text(
    "DELETE FROM chassis.job WHERE state = 'DONE' AND ended_at < clock_timestamp() - interval '7 days'"
)


class KnownLagsProvider(DependencyProvider):
    """Gives a worker the lags that this process knows: those of the partitions it takes itself."""

    consumers = Consumers()

    def get_dependency(self, worker_ctx: WorkerContext) -> Lags:
        """Events behind the end, by consumer, topic and partition."""
        return self.consumers.lags()


def KnownLags() -> Lags:
    """Declare them: `lags = KnownLags()`."""
    return cast(Lags, KnownLagsProvider())


class Operations:
    """Mixed into every service class by the container."""

    uow: Transaction
    lags = KnownLags()

    @rpc(contract=CONTRACT)
    def GetStatus(self, request: pb.GetStatusRequest, call: Call) -> pb.GetStatusResponse:
        """How the service stands."""
        return status_of(self.uow.connection, self.lags)

    @rpc(contract=CONTRACT)
    def ListParked(self, request: pb.ListParkedRequest, call: Call) -> pb.ListParkedResponse:
        """Events that consumers could not take."""
        asked = page_request(request.page.page_size, request.page.page_token, int)
        filters = {"consumer": request.consumer, "case_number": request.case_number}
        limits = {"after": asked.after[0] if asked.after else 0, "limit": asked.fetch}
        page = asked.cut(self.uow.connection.execute(PARKED, filters | limits).all(), lambda row: [row.id])
        return pb.ListParkedResponse(
            events=[_parked(row) for row in page.rows], page=paging_pb2.PageResponse(next_page_token=page.next_token)
        )

    @rpc(contract=CONTRACT)
    def RetryParked(self, request: pb.RetryParkedRequest, call: Call) -> pb.RetryParkedResponse:
        """Send a parked event back to its consumer. The audit row says why, also when it is refused."""
        call.note = request.reason
        kept = _locked_head(self.uow, request.consumer, request.event_id)
        self.uow.connection.execute(inbox.SEND_BACK, {"id": kept.id})
        return pb.RetryParkedResponse()

    @rpc(contract=CONTRACT)
    def DiscardParked(self, request: pb.DiscardParkedRequest, call: Call) -> pb.DiscardParkedResponse:
        """Give a parked event up. The audit row says why, also when it is refused."""
        call.note = request.reason
        kept = _locked_head(self.uow, request.consumer, request.event_id)
        finish(self.uow.connection, kept, "discarded", "BY_OPERATOR")
        self.uow.record(facts.discarded(kept))
        return pb.DiscardParkedResponse()

    @rpc(contract=CONTRACT)
    def ListEffects(self, request: pb.ListEffectsRequest, call: Call) -> pb.ListEffectsResponse:
        """What became of events at this service's consumers."""
        page = effects_after(self.uow.connection, request.after, request.page_size, self.uow.now())
        return pb.ListEffectsResponse(
            effects=[_effect(row) for row in page.rows],
            next=page.next,
            more=page.more,
            from_beginning=page.from_beginning,
            kept_since=stamp(page.kept_since),
        )

    @every(seconds=3600)
    def keep_house(self) -> None:
        """Make the partitions to come, drop those past their keeping, and sweep jobs that ended a week ago."""
        without_limit(self.uow.connection)
        self.uow.connection.execute(sa.text("SELECT chassis.maintain_partitions()"))
        self.uow.connection.execute(SWEEP_JOBS)


def status_of(connection: sa.Connection, lags: Lags) -> pb.GetStatusResponse:
    """How the service stands, read from its database; `lags` are those that this process knows."""
    counts: dict[str, Any] = queues_of(connection)[0]
    for query in (KEPT, RESTORED):
        counts |= dict(connection.execute(query).one()._mapping)
    answer = pb.GetStatusResponse(**counts, events_logged=connection.execute(LOGGED).scalar_one())
    for row in connection.execute(POSITIONS):
        lag = lags.get((row.consumer, row.topic, row.partition), -1)
        answer.consumers.add(
            consumer=row.consumer, topic=row.topic, partition=row.partition, position=row.next_offset, lag=lag
        )
    for row in connection.execute(TAKEN):
        answer.events_taken[row.outcome] = row.events
    answer.unmended.update(metrics.left_unmended())
    return answer


def queues_of(connection: sa.Connection) -> tuple[dict[str, int], dict[str, int]]:
    """What is asked every few seconds, and so must be cheap: depth of the queues, and parked events by consumer."""
    queues = dict(connection.execute(QUEUES).one()._mapping)
    return queues, {row.consumer: row.events for row in connection.execute(PARKED_BY_CONSUMER)}


def _parked(row: Any) -> pb.ParkedEvent:
    return pb.ParkedEvent(
        event_id=row.event_id,
        consumer=row.consumer,
        type=row.event_type,
        key=row.key,
        case_number=row.case_number or "",
        state=pb.ParkedState.Value(f"PARKED_STATE_{row.state}"),
        reason=row.reason,
        attempts=row.attempts,
        parked_at=stamp(row.parked_at),
        due_at=stamp(row.due_at),
    )


def _effect(row: Any) -> pb.Effect:
    return pb.Effect(
        event_id=row.event_id,
        type=row.event_type,
        consumer=row.consumer,
        case_number=row.case_number or "",
        outcome=OUTCOMES[row.outcome],
        reason=row.reason or "",
        attempts=row.attempts,
        decided_at=stamp(row.decided_at),
        due_at=stamp(row.due_at),
    )


def _locked_head(uow: Transaction, consumer: str, event_id: str) -> Kept:
    """The parked event, with its key locked. Refused: PARKED_NOT_FOUND, NOT_THE_HEAD."""
    connection = uow.connection
    key = connection.execute(KEY_OF, {"consumer": consumer, "event_id": event_id}).scalar()
    if key is None:
        raise not_found("PARKED_NOT_FOUND")
    connection.execute(inbox.LOCK_KEY, {"consumer": consumer, "key": key})
    kept = inbox.head_of_key(connection, consumer, key)
    if kept is None:
        raise not_found("PARKED_NOT_FOUND")
    if kept.event_id != event_id:
        raise failed_state("NOT_THE_HEAD")
    if kept.case_number:
        uow.belongs_to(kept.case_number)
    return kept
