from __future__ import annotations

from datetime import timedelta
from typing import Any

from egov.casetrace.v1 import traces_pb2
from google.protobuf.duration_pb2 import Duration

from observability.casetrace.console.waterfall import MOST_BARS, waterfall_of
from services.chassis.moments import stamp
from tests.unit.fakes import NOW


def span(
    begins_ms: float, takes_ms: float, waited: str = "", waited_ms: float = 0, **more: Any
) -> traces_pb2.TraceSpan:
    return traces_pb2.TraceSpan(
        name="egov.grid.v1.GridService/FileIncident",
        service="grid",
        started_at=stamp(NOW + timedelta(milliseconds=begins_ms)),
        time=Duration(nanos=int(takes_ms * 1_000_000)),
        waited=waited,
        waited_for=Duration(nanos=int(waited_ms * 1_000_000)),
        **more,
    )


def test_spans_lie_where_they_were_and_waits_before_them() -> None:
    fall = waterfall_of([span(0, 40), span(60, 40, "at the broker", 20, depth=1, failed=True, reason="UNAVAILABLE")])
    assert fall is not None
    assert fall.time == timedelta(milliseconds=100)
    first, second = fall.bars
    assert (first.name, first.left, first.width) == ("GridService/FileIncident", 0.0, 40.0)
    assert (second.left, second.width, second.waited_left, second.waited_width) == (60.0, 40.0, 40.0, 20.0)
    assert (second.waited, second.depth, second.failed, second.reason) == ("at the broker", 1, True, "UNAVAILABLE")


def test_no_spans_are_no_picture() -> None:
    assert waterfall_of([]) is None


def test_of_very_many_spans_the_rest_is_counted() -> None:
    fall = waterfall_of([span(0, 1)] * (MOST_BARS + 7))
    assert fall is not None
    assert (len(fall.bars), fall.left_out) == (MOST_BARS, 7)
