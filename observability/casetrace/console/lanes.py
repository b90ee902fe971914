"""The time line of a case: a lane for each holder, with the times in which they had it, and the events as marks.

Places are in percent of the line's width, as the drawing wants them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from egov.casetrace.v1 import cases_pb2

from observability.casetrace.console.times import ZONE
from observability.casetrace.console.troubles import OUTCOMES
from services.chassis.moments import moment, moment_in

STEPS = [timedelta(seconds=each) for each in (
    0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600,
    86400, 2 * 86400, 7 * 86400, 30 * 86400, 90 * 86400, 365 * 86400,
)]  # fmt: skip
FORMS = (
    (timedelta(days=1), "%m-%d"),
    (timedelta(hours=3), "%m-%d %H:%M"),
    (timedelta(minutes=1), "%H:%M"),
    (timedelta(seconds=1), "%H:%M:%S"),
    (timedelta(), "%H:%M:%S.%f"),
)
MOST_TICKS = 7
SHORTEST = timedelta(milliseconds=100)
# How far ahead a deadline may lie to be drawn: twice what is behind.
AHEAD = 2.0
EPOCH = datetime(2000, 1, 1, tzinfo=ZONE)
WRONG = frozenset({"parked", "retrying", "waiting", "refused", "discarded"})


@dataclass(frozen=True, slots=True)
class Bar:
    """A time, from `left` for `width` percent."""

    left: float
    width: float
    begun: datetime
    ended: datetime
    going_on: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """An event at `left` percent. `wrong`: a consumer did not simply take it."""

    left: float
    event_id: str
    type: str
    at: datetime
    wrong: bool


@dataclass(slots=True)
class Lane:
    """What one holder had; `holder` is empty for events while nobody had the case."""

    holder: str
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """The whole picture.

    `clocks`: times in which a clock ran; `due`, `now`: where they lie, None outside; `ticks`: places with their words.
    """

    begun: datetime
    ended: datetime
    lanes: Sequence[Lane]
    clocks: Sequence[Bar]
    due: float | None
    now: float | None
    ticks: Sequence[tuple[float, str]]


class _Scale:
    def __init__(self, begun: datetime, ended: datetime) -> None:
        self.begun, self.ended = begun, max(ended, begun + SHORTEST)

    def place(self, at: datetime) -> float:
        share = (at - self.begun) / (self.ended - self.begun)
        return round(min(1.0, max(0.0, share)) * 100, 2)

    def bar(self, begun: datetime, ended: datetime, *, going_on: bool = False) -> Bar:
        left = self.place(begun)
        return Bar(left, round(self.place(ended) - left, 2), begun, ended, going_on)

    def ticks(self) -> list[tuple[float, str]]:
        """Round moments in UTC+8, not too many."""
        whole = self.ended - self.begun
        step = next((each for each in STEPS if whole / each <= MOST_TICKS), STEPS[-1])
        first = EPOCH + step * -(-(self.begun - EPOCH) // step)
        count = int((self.ended - first) / step) + 1 if first <= self.ended else 0
        moments = [first + step * number for number in range(count)]
        form = next(form for least, form in FORMS if step >= least)
        # No step is shorter than a tenth of a second.
        return [(self.place(at), at.astimezone(ZONE).strftime(form).removesuffix("00000")) for at in moments]


def line_of(case: cases_pb2.Case, events: Sequence[cases_pb2.CaseEvent], now: datetime) -> Line:
    """The picture of a case with these events, in their order."""
    closed_at, deadline = moment_in(case, "closed_at"), moment_in(case, "deadline")
    begun = moment(events[0].at) if events else moment(case.opened_at)
    until = max([closed_at or now, *(moment(event.at) for event in events)])
    near = deadline is not None and deadline - until <= (until - begun) * AHEAD
    scale = _Scale(begun, max(until, deadline) if near and deadline else until)
    return Line(
        begun=scale.begun,
        ended=scale.ended,
        lanes=_lanes(events, scale, closed_at or now, open_=closed_at is None),
        clocks=_clocks(events, scale, closed_at or now),
        due=scale.place(deadline) if near and deadline else None,
        now=scale.place(now) if closed_at is None else None,
        ticks=scale.ticks(),
    )


def _lanes(events: Sequence[cases_pb2.CaseEvent], scale: _Scale, end: datetime, *, open_: bool) -> list[Lane]:
    lanes: dict[str, Lane] = {}
    holder, since = "", scale.begun
    for event in events:
        at = moment(event.at)
        next_holder = "" if event.phase == "closes" else event.holder or holder
        if next_holder != holder:
            _had(lanes, holder, scale.bar(since, at))
            since = at
        # The event that takes a case away from a holder is the last that they see of it.
        shown = next_holder or holder
        lanes.setdefault(shown, Lane(shown)).marks.append(_mark(event, scale))
        holder = next_holder
    _had(lanes, holder, scale.bar(since, max(end, since), going_on=open_))
    return list(lanes.values())


def _had(lanes: dict[str, Lane], holder: str, bar: Bar) -> None:
    if holder:
        lanes.setdefault(holder, Lane(holder)).bars.append(bar)


def _clocks(events: Sequence[cases_pb2.CaseEvent], scale: _Scale, end: datetime) -> list[Bar]:
    """Each clock from when it was set until another was set, or the case was closed, or now."""
    set_at = [(moment(event.at), event.HasField("deadline")) for event in events]
    set_at = [
        (at, clock) for (at, clock), event in zip(set_at, events, strict=True) if clock or event.phase == "closes"
    ]
    ends = [at for at, _ in set_at[1:]] + [end]
    return [scale.bar(at, max(at, until)) for (at, clock), until in zip(set_at, ends, strict=True) if clock]


def _mark(event: cases_pb2.CaseEvent, scale: _Scale) -> Mark:
    at = moment(event.at)
    wrong = bool(WRONG & {OUTCOMES[effect.outcome] for effect in event.effects})
    return Mark(scale.place(at), event.event_id, event.type, at, wrong)
