"""One service as a card: how it stands in words, its numbers, and their charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from egov.casetrace.v1 import casetrace_service_pb2 as pb
from egov.casetrace.v1 import health_pb2

from observability.casetrace.console.charts import Chart, chart_of
from observability.casetrace.console.playbooks import Playbook, playbooks
from observability.casetrace.domain.effects import LATE_AFTER
from observability.casetrace.domain.health import BOUNDS
from services.chassis.moments import moment, moment_in

STATES = {number: name.removeprefix("SERVICE_STATE_").lower() for name, number in health_pb2.ServiceState.items()}
TONES = {"up": "good", "unheard": "warn"}
Point = health_pb2.HealthPoint
Reading = Callable[[Any], float | None]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One chart of a card. `kind` says what it shows and how its numbers are written; `bound` belongs to `alert`."""

    kind: str
    chart: Chart
    now: tuple[float | None, ...]
    alert: str = ""
    bound: float | None = None
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """`rows`: what was told, by stretch, the latest first. `late_since`: what became of events is known so far.

    `tone`: `good`, `warn` or `bad`. `answers`: it answers the case trace, whatever it tells of itself.
    """

    service: str
    state: str
    tone: str
    heard_at: datetime | None
    late_since: datetime | None
    answers: bool
    processes: int
    charts: Sequence[Drawn]
    alerts: Sequence[Playbook]
    consumers: Sequence[health_pb2.ConsumerHealth]
    rows: Sequence[tuple[datetime, tuple[float | None, ...]]]


def cards_of(answer: pb.GetHealthResponse, now: datetime) -> list[Card]:
    """A card for each service, those first that are not well."""
    cards = [_card(service, now) for service in answer.services]
    return sorted(cards, key=lambda card: (card.tone != "bad", not card.alerts, card.service))


def _card(service: health_pb2.ServiceHealth, now: datetime) -> Card:
    answered_at, state = moment_in(service, "answered_at"), STATES[service.state]
    late = answered_at is not None and now - answered_at > LATE_AFTER
    known = playbooks()
    rows = [(moment(point.start), values) for point in reversed(service.points) if _told(values := _values(point))]
    return Card(
        service=service.service,
        state=state,
        tone="warn" if state == "up" and (late or service.alerts) else TONES.get(state, "bad"),
        heard_at=moment_in(service, "heard_at"),
        late_since=answered_at if late else None,
        answers=answered_at is not None and not late,
        processes=service.processes,
        charts=[_drawn(service, plan) for plan in CHARTS] if rows else [],
        alerts=[known[name] for name in service.alerts if name in known],
        consumers=service.consumers,
        rows=rows,
    )


def _plain(name: str) -> Reading:
    return lambda point: float(getattr(point, name)) if point.HasField(name) else None


def _seconds(name: str) -> Reading:
    return lambda point: getattr(point, name).ToTimedelta().total_seconds() if point.HasField(name) else None


CALLS, FAILURES = _plain("calls_per_minute"), _plain("failures_per_minute")
P50, P99 = _seconds("p50"), _seconds("p99")
DEPTH, AGE = _plain("outbox_depth"), _seconds("outbox_age")
LAG, PARKED = _plain("lag"), _plain("parked")
COLUMNS = (CALLS, FAILURES, P50, P99, DEPTH, AGE, LAG, PARKED)


class Plan(NamedTuple):
    """What a chart shows: one or two lines, the alert with a bound for it, and how far it reaches at least."""

    kind: str
    reading: tuple[Reading, ...]
    alert: str
    least: float


CHARTS = (
    Plan("calls", (CALLS, FAILURES), "CallsFailing", 10),
    Plan("durations", (P99, P50), "CallsSlow", 0.1),
    Plan("depth", (DEPTH,), "", 10),
    Plan("age", (AGE,), "OutboxOld", 5),
    Plan("lag", (LAG,), "ConsumerLagGrowing", 10),
    Plan("parked", (PARKED,), "EventsParked", 5),
)


def _drawn(service: health_pb2.ServiceHealth, plan: Plan) -> Drawn:
    # The bound of failing calls is a share, and not a number of them.
    bound = None if plan.kind == "calls" else BOUNDS.get(plan.alert)
    lines = [tuple(read(point) for point in service.points) for read in plan.reading]
    now = tuple(read(service.now) for read in plan.reading)
    chart = chart_of(lines, bound, plan.least)
    return Drawn(plan.kind, chart, now, plan.alert, bound, beyond=plan.alert in service.alerts)


def _values(point: Point) -> tuple[float | None, ...]:
    return tuple(read(point) for read in COLUMNS)


def _told(values: Sequence[float | None]) -> bool:
    return any(value is not None for value in values)
