"""Cases between the contract and the domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from egov.casetrace.v1 import cases_pb2
from egov.casetrace.v1 import casetrace_service_pb2 as pb
from egov.chassis.v1 import operations_service_pb2 as operations
from egov.common.v1 import paging_pb2
from google.protobuf.duration_pb2 import Duration

from observability.casetrace.domain.cases import Case
from observability.casetrace.domain.effects import Effect, Source, Taker, Troubles, not_met, troubles
from observability.casetrace.domain.facts import Fact
from observability.casetrace.domain.failures import Failure
from observability.casetrace.domain.search import Counted, LinkedCase, Wanted
from observability.casetrace.wire.traces import Known, failed_calls, references
from services.chassis.moments import moment_in, stamp
from services.kernel import regions
from services.kernel.paging import Page, PageRequest, instant, page_request, plain

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
STATES = {cases_pb2.CASE_STATE_OPEN: True, cases_pb2.CASE_STATE_CLOSED: False}


def wanted(request: pb.SearchCasesRequest, bound: str, now: datetime) -> Wanted:
    """The filters that a caller sets."""
    return Wanted(
        bound=bound,
        number=request.case_number,
        holder=f"department/{request.department}" if request.department else "",
        region=regions.scope_prefix(request.region) if request.region else "",
        is_open=STATES.get(request.state),
        event_type=request.event_type,
        last_event_type=request.last_event_type,
        reason=request.reason,
        subject_type=request.subject_type,
        about=request.about,
        active_from=moment_in(request, "active_from"),
        active_until=moment_in(request, "active_until"),
        quiet_since=_ago(request.stuck_for.ToTimedelta(), now) if request.HasField("stuck_for") else None,
        overdue_at=now if request.overdue else None,
    )


def _ago(time: timedelta, now: datetime) -> datetime:
    """The moment so long ago, not before 1970 and not in the future: no case is as old as a duration may be long."""
    return now - max(timedelta(), min(time, now - LONG_AGO))


def case_page(page: paging_pb2.PageRequest) -> PageRequest:
    """Which page: it goes on behind a case's last moment and number."""
    return page_request(page.page_size, page.page_token, instant, plain)


def found(page: Page[Case], troubled: Mapping[str, Troubles], counts: Counted, now: datetime) -> pb.SearchCasesResponse:
    """A page of cases, with their troubles and what was counted."""
    return pb.SearchCasesResponse(
        cases=[case_message(case, now, troubled.get(case.number, Troubles())) for case in page.rows],
        facets=[pb.FacetCount(facet=each.facet, value=each.value, cases=each.cases) for each in counts.facets],
        counted=counts.cases,
        counted_in_part=counts.partly,
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def case_answer(
    case: Case,
    facts: Sequence[Fact],
    effects: Mapping[str, Sequence[Effect]],
    takers: Sequence[Taker],
    linked: Sequence[LinkedCase],
    failures: Sequence[Failure],
    known: Known,
    sources: Sequence[Source],
    now: datetime,
) -> pb.GetCaseResponse:
    """All that is known of a case, and what may be missing."""
    held, traces = case.held_until(now), references(facts, known)
    outcomes = Counter(effect.outcome for of_one in effects.values() for effect in of_one)
    return pb.GetCaseResponse(
        case=case_message(case, now, troubles(outcomes)),
        held=[
            cases_pb2.HeldTime(holder=who, time=_duration(each.time), times=each.times) for who, each in held.items()
        ],
        events=[_event(fact, effects.get(fact.id, ()), takers) for fact in facts],
        linked_cases=[
            cases_pb2.LinkedCase(case_number=each.number, kind=each.kind, target=each.target) for each in linked
        ],
        traces=traces,
        gaps=_gaps(case, sources, traces, now),
        failed_calls=failed_calls(failures),
    )


def case_message(case: Case, now: datetime, troubled: Troubles) -> cases_pb2.Case:
    """A case as it stands."""
    return cases_pb2.Case(
        case_number=case.number,
        region=case.region,
        state=cases_pb2.CASE_STATE_OPEN if case.is_open else cases_pb2.CASE_STATE_CLOSED,
        holder=case.holder or "",
        held_since=stamp(case.held_since),
        deadline=stamp(case.deadline),
        clock_since=stamp(case.clock_since),
        clock_used=case.clock_used(now),
        opened_at=stamp(case.opened_at),
        closed_at=stamp(case.closed_at),
        last_event_at=stamp(case.last_at),
        last_event_type=case.last_type,
        events=case.events,
        parked_effects=troubled.parked,
        retried_effects=troubled.retried,
        refused_effects=troubled.refused,
        subject_type=case.subject_type or "",
    )


def _event(fact: Fact, effects: Sequence[Effect], takers: Sequence[Taker]) -> cases_pb2.CaseEvent:
    return cases_pb2.CaseEvent(
        event_id=fact.id,
        type=fact.type,
        service=fact.service,
        at=stamp(fact.at),
        aggregate_id=fact.aggregate_id,
        aggregate_version=fact.aggregate_version,
        phase=fact.phase or "",
        holder=fact.holder or "",
        deadline=stamp(fact.deadline),
        region=fact.region or "",
        subject_type=fact.subject_type or "",
        actor=fact.actor or "",
        links=[cases_pb2.EventLink(kind=kind, target=target) for kind, target in fact.links],
        trace_id=fact.trace_id or "",
        effects=[_effect(effect) for effect in effects],
        not_met=[
            cases_pb2.EventConsumer(service=each.service, consumer=each.consumer)
            for each in not_met(fact, effects, takers)
        ],
    )


def _effect(effect: Effect) -> cases_pb2.EventEffect:
    return cases_pb2.EventEffect(
        service=effect.service,
        consumer=effect.consumer,
        outcome=operations.EffectOutcome.Value(f"EFFECT_OUTCOME_{effect.outcome.upper()}"),
        reason=effect.reason,
        attempts=effect.attempts,
        decided_at=stamp(effect.decided_at),
        due_at=stamp(effect.due_at),
    )


def _gaps(
    case: Case, sources: Sequence[Source], traces: Sequence[cases_pb2.TraceReference], now: datetime
) -> list[cases_pb2.Gap]:
    late = [source for source in sources if source.is_late(now)]
    gaps = [
        cases_pb2.Gap(kind=cases_pb2.GAP_KIND_EFFECTS, service=source.service, since=stamp(source.known_at))
        for source in late
    ]
    if not case.opening_known:
        gaps.append(cases_pb2.Gap(kind=cases_pb2.GAP_KIND_OPENING))
    if any(trace.spans == 0 for trace in traces):
        gaps.append(cases_pb2.Gap(kind=cases_pb2.GAP_KIND_SPANS))
    return gaps


def _duration(time: timedelta) -> Duration:
    made = Duration()
    made.FromTimedelta(time)
    return made
