"""Traces and failed calls for answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from egov.casetrace.v1 import cases_pb2, traces_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from observability.casetrace.domain.facts import Fact
from observability.casetrace.domain.failures import Failure
from observability.records import SpanRecord, Value
from observability.tree import Node, Trace, waiting
from services.chassis.moments import stamp

Known = Mapping[str, tuple[int, datetime]]
"""By trace id: how many spans are kept, and when the first began."""


def span_messages(trace: Trace) -> Iterator[traces_pb2.TraceSpan]:
    """The spans of a trace, parents before children; what hangs on a span that is not kept, behind the rest."""
    for root in trace.roots:
        yield from _branch(root, missing=False)
    for _, nodes in trace.orphans:
        for node in nodes:
            yield from _branch(node, missing=True)


def references(facts: Sequence[Fact], known: Known) -> list[cases_pb2.TraceReference]:
    """The traces of a case: those of its events, in order, then others."""
    ids = dict.fromkeys([fact.trace_id for fact in facts if fact.trace_id])
    others = sorted(set(known) - set(ids), key=lambda id: known[id][1])
    return [_reference(id, known.get(id)) for id in [*ids, *others]]


def failed_calls(failures: Sequence[Failure]) -> list[cases_pb2.FailedCall]:
    """Failed calls, in their order."""
    return [
        cases_pb2.FailedCall(
            at=stamp(failure.at),
            service=failure.service,
            method=failure.method,
            code=failure.code,
            reason=failure.reason,
            time=_duration(int(failure.duration_ms * 1_000_000)),
            trace_id=failure.trace_id,
        )
        for failure in failures
    ]


def _reference(id: str, known: tuple[int, datetime] | None) -> cases_pb2.TraceReference:
    spans, started_at = known or (0, None)
    return cases_pb2.TraceReference(trace_id=id, spans=spans, started_at=stamp(started_at))


def _branch(top: Node, *, missing: bool) -> Iterator[traces_pb2.TraceSpan]:
    due: list[tuple[Node, int, SpanRecord | None]] = [(top, 0, None)]
    while due:
        node, depth, parent = due.pop()
        yield _message(node.span, depth, parent, missing=missing and parent is None)
        due.extend((child, depth + 1, node.span) for child in reversed(node.children))


def _message(span: SpanRecord, depth: int, parent: SpanRecord | None, *, missing: bool) -> traces_pb2.TraceSpan:
    waited = waiting(parent, span) if parent is not None else None
    return traces_pb2.TraceSpan(
        span_id=span.span,
        parent_span_id=span.parent,
        depth=depth,
        parent_missing=missing,
        name=span.name,
        kind=span.kind,
        service=span.service,
        started_at=_stamp(span.start_ns),
        time=_duration(span.end_ns - span.start_ns),
        failed=span.failed,
        reason=span.why if span.failed else "",
        waited=waited[0] if waited else "",
        waited_for=_duration(waited[1]) if waited else None,
        attributes={name: _text(value) for name, value in span.attributes.items()},
        links=[f"{trace}/{id}" for trace, id in span.links],
    )


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _stamp(nanoseconds: int) -> Timestamp:
    return Timestamp(seconds=nanoseconds // 1_000_000_000, nanos=nanoseconds % 1_000_000_000)


def _duration(nanoseconds: int) -> Duration:
    return Duration(seconds=nanoseconds // 1_000_000_000, nanos=nanoseconds % 1_000_000_000)
