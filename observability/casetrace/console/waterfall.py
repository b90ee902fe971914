"""The spans of one step as bars under one another: where the time went, and where the work lay waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from egov.casetrace.v1 import traces_pb2

from services.chassis.moments import moment

MOST_BARS = 400
SHORTEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SpanBar:
    """One span. `left`, `width`: of it itself; `waited_left`, `waited_width`: of the wait before it; in percent.

    `waited`: where the work lay, in the contract's words; empty where it did not.
    """

    name: str
    full_name: str
    kind: str
    service: str
    depth: int
    begun: datetime
    time: timedelta
    left: float
    width: float
    waited: str
    waited_time: timedelta
    waited_left: float
    waited_width: float
    failed: bool
    reason: str
    parent_missing: bool
    attributes: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Waterfall:
    """All spans that are shown, over which time; `left_out`: how many are not."""

    begun: datetime
    time: timedelta
    bars: Sequence[SpanBar]
    left_out: int


def waterfall_of(spans: Sequence[traces_pb2.TraceSpan]) -> Waterfall | None:
    """The picture of a trace's spans; None when there are none."""
    if not spans:
        return None
    begun = min(moment(span.started_at) - _waited(span) for span in spans)
    ended = max(moment(span.started_at) + span.time.ToTimedelta() for span in spans)
    whole = max(ended - begun, SHORTEST)
    bars = [_bar(span, begun, whole) for span in spans[:MOST_BARS]]
    return Waterfall(begun, ended - begun, bars, len(spans) - len(bars))


def _waited(span: traces_pb2.TraceSpan) -> timedelta:
    return max(timedelta(), span.waited_for.ToTimedelta()) if span.waited else timedelta()


def _bar(span: traces_pb2.TraceSpan, begun: datetime, whole: timedelta) -> SpanBar:
    at, time, waited = moment(span.started_at), span.time.ToTimedelta(), _waited(span)
    return SpanBar(
        name=_short(span.name),
        full_name=span.name,
        kind=span.kind,
        service=span.service,
        depth=span.depth,
        begun=at,
        time=time,
        left=_percent(at - begun, whole),
        width=_percent(time, whole),
        waited=span.waited,
        waited_time=waited,
        waited_left=_percent(at - waited - begun, whole),
        waited_width=_percent(waited, whole),
        failed=span.failed,
        reason=span.reason,
        parent_missing=span.parent_missing,
        attributes=sorted(span.attributes.items()),
    )


def _short(name: str) -> str:
    """A method without its package: `GridService/FileIncident`."""
    package, slash, method = name.partition("/")
    return f"{package.rpartition('.')[2]}/{method}" if slash and package.startswith("egov.") else name


def _percent(part: timedelta, whole: timedelta) -> float:
    return round(part / whole * 100, 2)
