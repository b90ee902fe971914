"""The case trace as text for a terminal of any width, and as JSON.

Times are shown in China's time (UTC+8), durations in ms or s. A name that does not fit is cut, a time never.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

from observability.events import CaseEvent
from observability.records import SpanRecord
from observability.tree import Node, Trace, waiting

_CHINA = timezone(timedelta(hours=8))
_TIMES = 18
_LEAST = 40


def text(case_number: str, told: Sequence[CaseEvent], traces: Sequence[Trace], width: int) -> Iterator[str]:
    """Lines of the case trace, at most `width` characters each (40 at least)."""
    width = max(_LEAST, width)
    spans = [node.span for trace in traces for node in trace.nodes()]
    services = sorted({span.service for span in spans})
    yield f"Case {case_number}"
    counts = f"{_count(told, 'event')}, {_count(traces, 'trace')}, {_count(spans, 'span')}"
    yield from _wrapped(f"{counts} in {', '.join(services)}", width)
    yield ""
    yield from _events(told, width)
    for trace in traces:
        yield ""
        yield from _trace(trace, width)


def document(case_number: str, told: Sequence[CaseEvent], traces: Sequence[Trace]) -> dict[str, Any]:
    """The same as JSON: times in UTC, durations in ms; spans in a flat list, parents before children."""
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


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"


def _events(told: Sequence[CaseEvent], width: int) -> Iterator[str]:
    if not told:
        yield "No event of the case is stored."
        return
    yield "Events (UTC+8)"
    for event in told:
        parts = [_local(event), event.type.rpartition(".")[2] or "(type not told)"]
        parts += [f"{event.phase} the case"] if event.phase else []
        parts += [f"held by {event.holder}"] if event.holder else []
        parts += ["not sent yet"] if event.sent_ns is None and not event.takings else []
        yield from _wrapped("  ".join(parts), width, "  ", "      ")
        for taking in event.takings:
            why = f" ({taking.reason})" if taking.reason else ""
            wait = f" after {_duration(int(taking.wait_ms * 1e6))}" if taking.wait_ms is not None else ""
            yield from _wrapped(f"{taking.consumer}: {taking.outcome}{why}{wait}", width, "      > ", "        ")


def _trace(trace: Trace, width: int) -> Iterator[str]:
    zero_ns = trace.start_ns
    began = datetime.fromtimestamp(zero_ns / 1e9, _CHINA)
    length = _duration(trace.end_ns - zero_ns)
    yield from _wrapped(
        f"Trace {trace.trace}  {began:%Y-%m-%d %H:%M:%S}.{began.microsecond // 1000:03d}  {length}", width
    )
    for root in trace.roots:
        yield from _tree(root, _Place(None, "", ""), zero_ns, width)
    for parent, below in trace.orphans:
        sentence = f"parent {parent} is missing: not sampled, not here yet, or in a file that was dropped"
        yield from _wrapped(sentence, width, "? ", "  ")
        for node in below:
            yield from _tree(node, _below(None, "", node is below[-1], width), zero_ns, width)
    if trace.of_other_cases:
        yield f"(left out: {trace.of_other_cases} of other cases)"


class _Place(NamedTuple):
    """Where a node stands: `head` is drawn before its first line, `below` before those under it."""

    parent: SpanRecord | None
    head: str
    below: str


def _tree(top: Node, place: _Place, zero_ns: int, width: int) -> Iterator[str]:
    """Lines of a node and all below it. A loop, because retries can make trees deeper than Python's stack."""
    open_ends = [(top, place)]
    while open_ends:
        node, place = open_ends.pop()
        yield from _lines(node.span, place, zero_ns, width)
        below = [(child, _below(node.span, place.below, child is node.children[-1], width)) for child in node.children]
        open_ends.extend(reversed(below))


def _below(parent: SpanRecord | None, indent: str, last: bool, width: int) -> _Place:
    # On a narrow terminal the indent stops growing before it eats the names.
    if len(indent) > width - _TIMES - 16:
        return _Place(parent, indent, indent)
    return _Place(parent, indent + ("└ " if last else "├ "), indent + ("  " if last else "│ "))


def _lines(span: SpanRecord, place: _Place, zero_ns: int, width: int) -> Iterator[str]:
    head = place.head
    if lain := _lain(place.parent, span):
        yield _row(f"{head}~ waiting {lain[0]}", "", _duration(lain[1]), width)
        head = place.below
    offset = f"+{_duration(max(0, span.start_ns - zero_ns))}"
    yield _row(f"{head}{span.service}  {_name(span)}", offset, _duration(span.end_ns - span.start_ns), width)
    if span.failed:
        yield f"{place.below}! failed: {_why(span)}"[:width]


def _lain(parent: SpanRecord | None, span: SpanRecord) -> tuple[str, int] | None:
    return waiting(parent, span) if parent else None


def _row(left: str, offset: str, length: str, width: int) -> str:
    room = width - _TIMES
    shown = left if len(left) <= room else left[: room - 1] + "…"
    return f"{shown:<{room}}{offset:>{_TIMES // 2}}{length:>{_TIMES // 2}}"


def _name(span: SpanRecord) -> str:
    package, slash, method = span.name.partition("/")
    name = f"{package.rpartition('.')[2]}/{method}" if slash and span.attributes.get("rpc.method") else span.name
    consumer, event = span.attributes.get("egov.consumer"), span.attributes.get("egov.event.type")
    event_name = str(event).rpartition(".")[2] if event else ""
    if span.kind == "consumer" and consumer:
        return f"{consumer} takes {event_name}" if event_name else f"{consumer} {name}"
    if span.kind == "producer" and event_name:
        return f"sends {event_name}"
    return f"{name} ({span.kind})" if span.kind in ("server", "client") else name


def _why(span: SpanRecord) -> str:
    for attribute in ("egov.reason", "error.type", "rpc.response.status_code"):
        if why := span.attributes.get(attribute):
            return str(why)
    return "failed"


def _duration(ns: int) -> str:
    ms = ns / 1e6
    if ms < 10:
        return f"{ms:.1f} ms"
    if ms < 10_000:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    return f"{seconds:.1f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def _local(event: CaseEvent) -> str:
    try:
        moment = datetime.fromisoformat(event.time).astimezone(_CHINA)
    except ValueError:
        return "(time not told)"
    return f"{moment:%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def _wrapped(sentence: str, width: int, first: str = "", rest: str = "  ") -> Iterator[str]:
    line = first
    for word in sentence.split(" "):
        if len(line) + len(word) > width and line.strip():
            yield line.rstrip()
            line = rest
        line += word + " "
    yield line.rstrip()


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
        lain = _lain(spans.get(span.parent), span)
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
            "reason": _why(span) if span.failed else "",
            "attributes": dict(span.attributes),
            "links": [{"trace_id": linked, "span_id": of} for linked, of in span.links],
        }


def _ms(ns: int) -> float:
    return round(ns / 1e6, 3)


def _rfc3339(ns: int) -> str:
    moment = datetime.fromtimestamp(ns / 1e9, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
