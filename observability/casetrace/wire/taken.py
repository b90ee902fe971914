"""From what other services say to the domain: envelopes of events, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from uuid import UUID

from egov.chassis.v1 import operations_service_pb2 as operations
from egov.common.v1 import paging_pb2
from egov.identity.v1 import identity_service_pb2 as identity

from observability.casetrace.domain.effects import Effect, Page
from observability.casetrace.domain.facts import Fact
from observability.casetrace.domain.names import CodeName
from services.chassis.envelope import Envelope
from services.chassis.moments import moment, moment_in
from services.kernel import casenumber
from services.kernel.ids import uuid7_time
from services.kernel.paging import LARGEST_SIZE

OUTCOMES = {
    number: name.removeprefix("EFFECT_OUTCOME_").lower() for name, number in operations.EffectOutcome.items()
}  # fmt: skip


def facts(envelopes: Iterable[Envelope]) -> list[Fact]:
    """Those of the events that belong to a case."""
    return [_fact(envelope, number) for envelope in envelopes if (number := _case_number(envelope.case_number))]


def page(answer: operations.ListEffectsResponse, service: str) -> Page:
    """What a service answered. Events with ids that no relay of ours gives belong to no case."""
    effects = [_effect(each, service) for each in answer.effects]
    void_since = moment(answer.kept_since).date() if answer.from_beginning else None
    return Page(effects, answer.next, answer.more, void_since)


def names(ask: Callable[[identity.ListNamesRequest], identity.ListNamesResponse]) -> Iterator[CodeName]:
    """What all codes are called, page by page."""
    token, more = "", True
    while more:
        answer = ask(identity.ListNamesRequest(page=paging_pb2.PageRequest(page_size=LARGEST_SIZE, page_token=token)))
        yield from (CodeName(each.code, each.name, each.name_en) for each in answer.names)
        token = answer.page.next_page_token
        more = bool(token)


@lru_cache(maxsize=4096)
def _case_number(text: str | None) -> str | None:
    """Kept for a while: the events of a case come close behind each other, and a check character takes its time."""
    return text if text and casenumber.broken_rule(text) is None else None


def _fact(envelope: Envelope, number: str) -> Fact:
    return Fact(
        id=envelope.id,
        type=envelope.type,
        service=envelope.source.rpartition("/")[2],
        at=envelope.time,
        aggregate_id=envelope.key,
        aggregate_version=envelope.version,
        case_number=number,
        phase=envelope.case_phase,
        holder=envelope.holder,
        deadline=envelope.deadline,
        region=envelope.region,
        subject_type=envelope.subject_type,
        actor=envelope.actor,
        links=envelope.links,
        trace_id=_trace_id(envelope.traceparent),
    )


def _trace_id(traceparent: str | None) -> str | None:
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 and len(parts[1]) == 32 else None


def _effect(effect: operations.Effect, service: str) -> Effect:
    return Effect(
        service=service,
        consumer=effect.consumer,
        event_id=effect.event_id,
        event_type=effect.type,
        case_number=(_is_ours(effect.event_id) and _case_number(effect.case_number)) or "",
        outcome=OUTCOMES[effect.outcome],
        reason=effect.reason,
        attempts=effect.attempts,
        decided_at=moment(effect.decided_at),
        due_at=moment_in(effect, "due_at"),
    )


def _is_ours(event_id: str) -> bool:
    try:
        uuid7_time(UUID(event_id))
    except (ValueError, OverflowError):
        return False
    return True
