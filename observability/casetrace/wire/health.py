"""How services stand and went, and events that nobody has taken, for answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from egov.casetrace.v1 import casetrace_service_pb2 as pb
from egov.casetrace.v1 import health_pb2
from egov.chassis.v1 import operations_service_pb2 as operations
from google.protobuf.duration_pb2 import Duration

from observability.casetrace.domain.effects import Effect, OpenEffects
from observability.casetrace.domain.health import Standing, State, alerts_of
from observability.casetrace.domain.series import STRETCHES, Series, Window
from services.chassis.moments import stamp

STATES = {state: health_pb2.ServiceState.Value(f"SERVICE_STATE_{state.value.upper()}") for state in State}


def hours_of(request: pb.GetHealthRequest) -> int:
    """The time that is long enough for what is asked for."""
    return next(hours for hours in STRETCHES if hours >= request.hours)


def health_answer(found: Iterable[tuple[Standing, Series]], window: Window) -> pb.GetHealthResponse:
    """How services stand and went."""
    stretch = Duration()
    stretch.FromTimedelta(window.stretch)
    return pb.GetHealthResponse(services=[_service(standing, series) for standing, series in found], stretch=stretch)


def open_answer(found: OpenEffects) -> pb.ListOpenEffectsResponse:
    """Events that nobody has taken."""
    return pb.ListOpenEffectsResponse(effects=[_effect(each) for each in found.effects], total=found.total)


def _service(standing: Standing, series: Series) -> health_pb2.ServiceHealth:
    consumers = sorted({*(standing.lags or ()), *(standing.parkeds or ())})
    return health_pb2.ServiceHealth(
        service=standing.service,
        state=STATES[standing.state],
        heard_at=stamp(standing.heard_at),
        answered_at=stamp(standing.answered_at),
        processes=standing.processes,
        now=_now(standing),
        pool_used=standing.pool,
        consumers=[_consumer(standing, consumer) for consumer in consumers],
        alerts=alerts_of(standing),
        points=list(_points(series)),
    )


def _now(standing: Standing) -> health_pb2.HealthPoint:
    return health_pb2.HealthPoint(
        calls_per_minute=standing.calls,
        failures_per_minute=standing.failed,
        p50=_seconds(standing.p50),
        p99=_seconds(standing.p99),
        outbox_depth=standing.outbox_depth,
        outbox_age=_seconds(standing.outbox_age),
        lag=standing.lag,
        parked=standing.parked,
    )


def _points(series: Series) -> Iterator[health_pb2.HealthPoint]:
    lines: Sequence[Sequence[float | None]] = (
        series.calls, series.failed, series.p50, series.p99, series.outbox_depth, series.outbox_age, series.lag,
        series.parked,
    )  # fmt: skip
    for place, (calls, failed, p50, p99, depth, age, lag, parked) in enumerate(zip(*lines, strict=True)):
        yield health_pb2.HealthPoint(
            start=stamp(series.window.start + place * series.window.stretch),
            calls_per_minute=calls,
            failures_per_minute=failed,
            p50=_seconds(p50),
            p99=_seconds(p99),
            outbox_depth=_whole(depth),
            outbox_age=_seconds(age),
            lag=_whole(lag),
            parked=_whole(parked),
        )


def _consumer(standing: Standing, consumer: str) -> health_pb2.ConsumerHealth:
    lags, parkeds = standing.lags or {}, standing.parkeds or {}
    return health_pb2.ConsumerHealth(consumer=consumer, lag=lags.get(consumer), parked=parkeds.get(consumer))


def _effect(effect: Effect) -> health_pb2.OpenEffect:
    return health_pb2.OpenEffect(
        service=effect.service,
        consumer=effect.consumer,
        event_id=effect.event_id,
        type=effect.event_type,
        case_number=effect.case_number,
        outcome=operations.EffectOutcome.Value(f"EFFECT_OUTCOME_{effect.outcome.upper()}"),
        reason=effect.reason,
        attempts=effect.attempts,
        decided_at=stamp(effect.decided_at),
        due_at=stamp(effect.due_at),
    )


def _seconds(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    made = Duration()
    made.FromTimedelta(timedelta(seconds=seconds))
    return made


def _whole(number: float | None) -> int | None:
    return None if number is None else round(number)
