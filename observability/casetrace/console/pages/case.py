"""The Case page: where it stands, what failed and what to do, where the time went, and each step in detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from egov.casetrace.v1 import cases_pb2
from egov.casetrace.v1 import casetrace_service_pb2 as pb
from werkzeug.wrappers import Response

from observability.casetrace.console.front import Visit
from observability.casetrace.console.lanes import line_of
from observability.casetrace.console.naming import Naming
from observability.casetrace.console.story import EventShown, calls_shown, events_shown, held_rows, standing_of
from observability.casetrace.console.troubles import troubles
from observability.casetrace.console.waterfall import Waterfall, waterfall_of
from services.chassis.moments import moment_in
from services.kernel.errors import Kind, Refusal

GAPS = {
    cases_pb2.GAP_KIND_EFFECTS: "effects", cases_pb2.GAP_KIND_OPENING: "opening", cases_pb2.GAP_KIND_SPANS: "spans",
}  # fmt: skip
POLL_S = 5


@dataclass(frozen=True, slots=True)
class Step:
    """The event that was chosen. `waterfall`: None where no spans are kept."""

    event: EventShown
    waterfall: Waterfall | None
    of_other_cases: int
    truncated: bool
    previous: str
    next: str


def page(visit: Visit, number: str) -> Response:
    """One case."""
    answer = visit.ask("GetCase", pb.GetCaseRequest(case_number=number))
    naming = Naming(visit.directory, visit.words)
    events = events_shown(answer.events, naming)
    return visit.page(
        "case.html",
        poll_s=POLL_S,
        number=number,
        standing=standing_of(answer, naming),
        troubles=troubles(answer.events, naming),
        held=held_rows(answer, naming),
        line=line_of(answer.case, answer.events, visit.now),
        events=events,
        step=chosen(visit, number, events),
        linked=answer.linked_cases,
        calls=calls_shown(answer.failed_calls, naming),
        gaps=[(GAPS[gap.kind], gap.service, moment_in(gap, "since")) for gap in answer.gaps if gap.kind in GAPS],
        naming=naming,
    )


def chosen(visit: Visit, number: str, events: Sequence[EventShown]) -> Step | None:
    """The step that the address names, with its spans."""
    ids = [event.id for event in events]
    wanted = visit.request.args.get("event", "")
    if wanted not in ids:
        return None
    place = ids.index(wanted)
    trace = _trace(visit, number, events[place].trace_id)
    return Step(
        event=events[place],
        waterfall=waterfall_of(trace.spans),
        of_other_cases=trace.of_other_cases,
        truncated=trace.truncated,
        previous=ids[place - 1] if place else "",
        next=ids[place + 1] if place + 1 < len(ids) else "",
    )


def _trace(visit: Visit, number: str, trace_id: str) -> pb.GetTraceResponse:
    """The trace; an empty one where none is kept."""
    none = pb.GetTraceResponse()
    if not trace_id:
        return none
    try:
        answer: pb.GetTraceResponse = visit.ask("GetTrace", pb.GetTraceRequest(case_number=number, trace_id=trace_id))
    except Refusal as refusal:
        if refusal.kind is not Kind.NOT_FOUND:
            raise
        return none
    return answer
