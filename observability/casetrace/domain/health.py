"""How a service stands now, in words and numbers, and which alerts that is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from observability.casetrace.domain.reports import SILENT_AFTER, Process, Report
from observability.casetrace.domain.series import Window, series_of

Number = TypeVar("Number", int, float)
# What "now" is for rates and durations.
LATELY = timedelta(minutes=2)
# Below so many calls a minute a single one would be a share; as the alerts have it.
FEW_CALLS = 6.0


class State(StrEnum):
    """How a service stands."""

    UP = "up"
    NOT_READY = "not_ready"
    RESTORED = "restored"
    NO_LEADER = "no_leader"
    SILENT = "silent"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Standing:
    """One service as it stands. None: not told lately. Rates are per minute, times in seconds; `pool`: share in use.

    `heard_at`: its last report. `answered_at`: when it last told all that the case trace asked; None for the case
    trace itself.
    """

    service: str
    state: State
    heard_at: datetime | None
    answered_at: datetime | None
    processes: int = 0
    calls: float | None = None
    failed: float | None = None
    p50: float | None = None
    p99: float | None = None
    outbox_depth: int | None = None
    outbox_age: float | None = None
    pool: float | None = None
    lags: Mapping[str, int] | None = None
    parkeds: Mapping[str, int] | None = None

    @property
    def lag(self) -> int | None:
        """Events that its consumers have before them."""
        return sum(self.lags.values()) if self.lags is not None else None

    @property
    def parked(self) -> int | None:
        """Events that wait for a person."""
        return sum(self.parkeds.values()) if self.parkeds is not None else None


def standing_of(
    service: str,
    reports: Sequence[Report],
    heard_at: datetime | None,
    answered_at: datetime | None,
    now: datetime,
    bounds: Sequence[float],
) -> Standing:
    """How a service stands by what its processes told lately. `bounds`: of the durations."""
    latest = _latest(report for report in reports if now - report.at <= SILENT_AFTER)
    if not latest:
        state = State.SILENT if heard_at is not None else State.UNHEARD
        return Standing(service, state, heard_at, answered_at)
    lately = series_of(reports, Window(now - LATELY, LATELY, 1), bounds)
    # A process that stops says so with its last words; what it last counted is another's by then.
    there = [report for report in latest if report.ready is not False] or latest
    return Standing(
        service,
        _state(there),
        heard_at,
        answered_at,
        processes=len(there),
        calls=lately.calls[0],
        failed=lately.failed[0],
        p50=lately.p50[0],
        p99=lately.p99[0],
        outbox_depth=_most(there, lambda report: report.outbox_depth),
        outbox_age=_most(there, lambda report: report.outbox_age),
        pool=_most(there, _pool_used),
        lags=_together(report.lags for report in there),
        parkeds=_largest(report.parkeds for report in there),
    )


def alerts_of(standing: Standing) -> list[str]:
    """The alerts whose bounds it is beyond now; they fire when it lasts."""
    return [name for name, is_beyond in BEYOND.items() if is_beyond(standing)]


# Bounds of observability/alerts; a test holds them against the rules.
BOUNDS: Mapping[str, float] = {
    "CallsFailing": 0.05,
    "CallsSlow": 1,
    "OutboxOld": 60,
    "ConsumerLagGrowing": 1000,
    "EventsParked": 0,
    "PoolExhausted": 0.9,
}

BEYOND: Mapping[str, Callable[[Standing], bool]] = {
    "ServiceNotReady": lambda each: each.state in (State.NOT_READY, State.SILENT),
    "DatabaseRestored": lambda each: each.state is State.RESTORED,
    "RelayWithoutLease": lambda each: each.state is State.NO_LEADER,
    "CallsFailing": lambda each: _is_busy(each) and (each.failed or 0) > BOUNDS["CallsFailing"] * (each.calls or 0),
    "CallsSlow": lambda each: _is_busy(each) and (each.p99 or 0) > BOUNDS["CallsSlow"],
    "OutboxOld": lambda each: (each.outbox_age or 0) > BOUNDS["OutboxOld"],
    "ConsumerLagGrowing": lambda each: max((each.lags or {}).values(), default=0) > BOUNDS["ConsumerLagGrowing"],
    "EventsParked": lambda each: max((each.parkeds or {}).values(), default=0) > BOUNDS["EventsParked"],
    "PoolExhausted": lambda each: (each.pool or 0) > BOUNDS["PoolExhausted"],
}


def _is_busy(standing: Standing) -> bool:
    return (standing.calls or 0) > FEW_CALLS


def _state(latest: Sequence[Report]) -> State:
    if any(report.restored for report in latest):
        return State.RESTORED
    if not any(report.ready for report in latest):
        return State.NOT_READY
    if any(report.outbox_depth for report in latest) and not any(report.leads for report in latest):
        return State.NO_LEADER
    return State.UP


def _latest(reports: Iterable[Report]) -> list[Report]:
    """The last report of each process."""
    found: dict[Process, Report] = {}
    for report in sorted(reports, key=lambda report: report.at):
        found[report.process] = report
    return list(found.values())


def _pool_used(report: Report) -> float | None:
    return report.pool_in_use / report.pool_size if report.pool_size and report.pool_in_use is not None else None


def _most(reports: Iterable[Report], told: Callable[[Report], Number | None]) -> Number | None:
    return max((value for report in reports if (value := told(report)) is not None), default=None)


def _together(told: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    """Each process tells of its own partitions: what they have before them is added up."""
    found: dict[str, int] = {}
    for each in told:
        for consumer, events in each.items():
            found[consumer] = found.get(consumer, 0) + events
    return dict(sorted(found.items()))


def _largest(told: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    """Every process counts the same rows."""
    found: dict[str, int] = {}
    for each in told:
        for consumer, events in each.items():
            found[consumer] = max(found.get(consumer, 0), events)
    return dict(sorted(found.items()))
