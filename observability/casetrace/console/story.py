"""A case as a page tells it: where it stands, who had it for how long, and what happened one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from egov.casetrace.v1 import cases_pb2
from egov.casetrace.v1 import casetrace_service_pb2 as pb

from observability.casetrace.console.clock import Clock, clock_of
from observability.casetrace.console.naming import Naming
from observability.casetrace.console.troubles import OUTCOMES
from services.chassis.moments import moment, moment_in


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands. `clock_event`: what set the clock that runs."""

    number: str
    what: str
    region: str
    region_code: str
    open: bool
    holder: str
    held_since: datetime | None
    clock: Clock | None
    clock_event: str
    opened_at: datetime
    closed_at: datetime | None
    last_event: str
    last_at: datetime
    events: int


@dataclass(frozen=True, slots=True)
class HeldRow:
    """How long somebody had the case; `percent` of the time in which anybody had it."""

    holder: str
    code: str
    time: timedelta
    times: int
    percent: float
    now: bool


@dataclass(frozen=True, slots=True)
class EffectShown:
    """What became of an event at one consumer."""

    service: str
    consumer: str
    outcome: str
    reason: str
    reason_words: str
    attempts: int
    at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventShown:
    """One event. `later`: how long after the one before; `holder` and `deadline`: those that it brings."""

    id: str
    number: int
    title: str
    type: str
    service: str
    at: datetime
    later: timedelta | None
    phase: str
    holder: str
    deadline: datetime | None
    trace_id: str
    effects: Sequence[EffectShown]
    raw: Sequence[tuple[str, str]]

    @property
    def wrong(self) -> bool:
        """A consumer did not simply take it."""
        return any(effect.outcome not in ("taken", "not_met") for effect in self.effects)


def standing_of(answer: pb.GetCaseResponse, naming: Naming) -> Standing:
    """Where the case stands."""
    case = answer.case
    return Standing(
        number=case.case_number,
        what=naming.case(case.case_number, case.subject_type),
        region=naming.region(case.region),
        region_code=case.region,
        open=case.state == cases_pb2.CASE_STATE_OPEN,
        holder=naming.holder(case.holder) if case.holder else "",
        held_since=moment_in(case, "held_since"),
        clock=clock_of(case),
        clock_event=_clock_event(answer, naming),
        opened_at=moment(case.opened_at),
        closed_at=moment_in(case, "closed_at"),
        last_event=naming.event(case.last_event_type),
        last_at=moment(case.last_event_at),
        events=case.events,
    )


def _clock_event(answer: pb.GetCaseResponse, naming: Naming) -> str:
    """What set the clock that runs; empty where that event is not known."""
    case = answer.case
    setting = [
        event
        for event in answer.events
        if event.HasField("deadline") and (event.deadline, event.at) == (case.deadline, case.clock_since)
    ]
    return naming.event(setting[-1].type) if setting else ""


def held_rows(answer: pb.GetCaseResponse, naming: Naming) -> list[HeldRow]:
    """Who had the case for how long, the longest first."""
    times = [(each, each.time.ToTimedelta()) for each in answer.held]
    whole = sum((time for _, time in times), timedelta()) or timedelta(microseconds=1)
    return [
        HeldRow(
            holder=naming.holder(each.holder),
            code=each.holder.partition("/")[2] if each.holder.startswith("department/") else "",
            time=time,
            times=each.times,
            percent=round(time / whole * 100, 1),
            now=each.holder == answer.case.holder,
        )
        for each, time in times
    ]


def events_shown(events: Sequence[cases_pb2.CaseEvent], naming: Naming) -> list[EventShown]:
    """The events in their order."""
    shown, before = [], None
    for number, event in enumerate(events, 1):
        at = moment(event.at)
        shown.append(_event(number, event, at - before if before else None, naming))
        before = at
    return shown


def _event(number: int, event: cases_pb2.CaseEvent, later: timedelta | None, naming: Naming) -> EventShown:
    not_met = [EffectShown(each.service, each.consumer, "not_met", "", "", 0, None, None) for each in event.not_met]
    return EventShown(
        id=event.event_id,
        number=number,
        title=naming.event(event.type),
        type=event.type,
        service=event.service,
        at=moment(event.at),
        later=later,
        phase=event.phase,
        holder=naming.holder(event.holder) if event.holder else "",
        deadline=moment_in(event, "deadline"),
        trace_id=event.trace_id,
        effects=[*(_effect(effect, naming) for effect in event.effects), *not_met],
        raw=_raw(event),
    )


def _effect(effect: cases_pb2.EventEffect, naming: Naming) -> EffectShown:
    return EffectShown(
        service=effect.service,
        consumer=effect.consumer,
        outcome=OUTCOMES[effect.outcome],
        reason=effect.reason,
        reason_words=naming.reason(effect.reason),
        attempts=effect.attempts,
        at=moment(effect.decided_at),
        due_at=moment_in(effect, "due_at"),
    )


def _raw(event: cases_pb2.CaseEvent) -> list[tuple[str, str]]:
    """The facts as the contract has them; what is not set is left out."""
    facts = [(field.name, value) for field, value in event.ListFields() if field.name not in ("effects", "not_met")]
    return [(name, _plain(name, value)) for name, value in facts]


def _plain(name: str, value: object) -> str:
    if isinstance(value, str | int):
        return str(value)
    if name == "links":
        return ", ".join(f"{link.kind} {link.target}" for link in value)  # type: ignore[attr-defined]
    return f"{value.ToJsonString()}"  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class CallShown:
    """A call that failed, or was only slow: then `reason` is empty."""

    at: datetime
    service: str
    method: str
    code: str
    reason: str
    reason_words: str
    time: timedelta


def calls_shown(calls: Sequence[cases_pb2.FailedCall], naming: Naming) -> list[CallShown]:
    """The calls in their order."""
    return [
        CallShown(
            at=moment(each.at),
            service=each.service,
            method=each.method.rpartition("/")[2],
            code=each.code,
            reason=each.reason,
            reason_words=naming.reason(each.reason),
            time=each.time.ToTimedelta(),
        )
        for each in calls
    ]
