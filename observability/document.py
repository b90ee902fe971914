"""The case trace as JSON: every event and every span, times in UTC, durations in ms."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from observability.events import CaseEvent
from observability.tree import Trace, waiting


def document(case_number: str, told: Sequence[CaseEvent], traces: Sequence[Trace]) -> dict[str, Any]:
    """The whole of it, to be dumped: spans in a flat list, parents before children."""
    return {
        "case_number": case_number,
        "events": [_event_document(event) for event in told],
        "traces": [
            {
                "trace_id": trace.trace,
                "start": _rfc3339(trace.start_ns),
                "duration_ms": _ms(trace.end_ns - trace.start_ns),
                "spans": list(_span_documents(trace)),
                "missing_parents": [parent for parent, _ in trace.orphans],
                "spans_of_other_cases": trace.of_other_cases,
            }
            for trace in traces
        ],
    }


def _event_document(event: CaseEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "time": event.time,
        "source": event.source,
        "phase": event.phase,
        "holder": event.holder,
        "deadline": event.deadline,
        "sent": None if event.sent_ns is None else _rfc3339(event.sent_ns),
        "taken": [
            {
                "consumer": taking.consumer,
                "outcome": taking.outcome,
                "reason": taking.reason,
                "time": _rfc3339(taking.at_ns),
                "wait_ms": taking.wait_ms,
            }
            for taking in event.takings
        ],
    }


def _span_documents(trace: Trace) -> Iterator[dict[str, Any]]:
    spans = {node.span.span: node.span for node in trace.nodes()}
    zero_ns = trace.start_ns
    for span in spans.values():
        parent = spans.get(span.parent)
        lain = waiting(parent, span) if parent else None
        yield {
            "span_id": span.span,
            "parent_span_id": span.parent or None,
            "service": span.service,
            "name": span.name,
            "kind": span.kind,
            "offset_ms": _ms(span.start_ns - zero_ns),
            "duration_ms": _ms(span.end_ns - span.start_ns),
            "waiting": {"where": lain[0], "ms": _ms(lain[1])} if lain else None,
            "failed": span.failed,
            "reason": span.why if span.failed else "",
            "attributes": dict(span.attributes),
            "links": [{"trace_id": linked, "span_id": of} for linked, of in span.links],
        }


def _ms(ns: int) -> float:
    return round(ns / 1e6, 3)


def _rfc3339(ns: int) -> str:
    moment = datetime.fromtimestamp(ns / 1e9, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
