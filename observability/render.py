"""The case trace as text for a terminal of any width.

Times are shown in China's time (UTC+8), durations in ms or s. A name that does not fit is cut, a time never. In the
text, what was done several times over and went well is one line with its number (`folding.py`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from observability.events import CaseEvent
from observability.folding import Fold, folded
from observability.records import SpanRecord
from observability.tree import Node, Trace, waiting

_CHINA = timezone(timedelta(hours=8))
_TIMES = 18
_LEAST = 40


def text(
    case_number: str, told: Sequence[CaseEvent], traces: Sequence[Trace], width: int, *, whole: bool = False
) -> Iterator[str]:
    """Lines of the case trace, at most `width` characters each (40 at least). `whole`: nothing is folded."""
    width = max(_LEAST, width)
    spans = [node.span for trace in traces for node in trace.nodes()]
    services = sorted({span.service for span in spans})
    yield f"Case {case_number}"
    counts = f"{_count(told, 'event')}, {_count(traces, 'trace')}, {_count(spans, 'span')}"
    yield from _wrapped(f"{counts} in {', '.join(services)}", width)
    yield ""
    yield from _events(told, width, whole)
    for trace in traces:
        yield ""
        yield from _trace(trace, width, whole)


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"


def _events(told: Sequence[CaseEvent], width: int, whole: bool) -> Iterator[str]:
    if not told:
        yield "No event of the case is stored."
        return
    yield "Events (UTC+8)"
    for event, count in _runs(told, whole):
        parts = [_local(event), _times_over(event.type.rpartition(".")[2] or "(type not told)", count)]
        parts += [f"{event.phase} the case"] if event.phase else []
        parts += [f"held by {event.holder}"] if event.holder else []
        parts += ["not sent yet"] if event.sent_ns is None and not event.takings else []
        yield from _wrapped("  ".join(parts), width, "  ", "      ")
        for taking in event.takings:
            why = f" ({taking.reason})" if taking.reason else ""
            wait = f" after {_duration(int(taking.wait_ms * 1e6))}" if taking.wait_ms is not None else ""
            yield from _wrapped(f"{taking.consumer}: {taking.outcome}{why}{wait}", width, "      > ", "        ")


def _runs(told: Sequence[CaseEvent], whole: bool) -> Iterator[tuple[CaseEvent, int]]:
    """Events with their number: those of one type in a row of which nothing more is told count as one."""
    last: CaseEvent | None = None
    count = 0
    for event in told:
        if last and not whole and _says_no_more(last) and _says_no_more(event) and event.type == last.type:
            count += 1
            continue
        if last:
            yield last, count
        last, count = event, 1
    if last:
        yield last, count


def _says_no_more(event: CaseEvent) -> bool:
    return not (event.phase or event.holder or event.takings) and event.sent_ns is not None


def _trace(trace: Trace, width: int, whole: bool) -> Iterator[str]:
    zero_ns = trace.start_ns
    began = datetime.fromtimestamp(zero_ns / 1e9, _CHINA)
    length = _duration(trace.end_ns - zero_ns)
    moment = f"{began:%Y-%m-%d %H:%M:%S}.{began.microsecond // 1000:03d}"
    titles = [root.span.name.rpartition("/")[2] for root in trace.roots]
    yield from _wrapped("  ".join([f"Trace {trace.trace}", *titles, moment, length]), width)
    for root in trace.roots:
        yield from _tree(root, _Place(None, "", ""), zero_ns, width, whole)
    for parent, below in trace.orphans:
        sentence = f"parent {parent} is missing: not sampled, not here yet, or in a file that was dropped"
        yield from _wrapped(sentence, width, "? ", "  ")
        for node in below:
            yield from _tree(node, _below(None, "", node is below[-1], width), zero_ns, width, whole)
    if trace.of_other_cases:
        yield f"(left out: {trace.of_other_cases} of other cases)"


class _Place(NamedTuple):
    """Where a node stands: `head` is drawn before its first line, `below` before those under it."""

    parent: SpanRecord | None
    head: str
    below: str


def _tree(top: Node, place: _Place, zero_ns: int, width: int, whole: bool) -> Iterator[str]:
    """Lines of a node and all below it. A loop, because retries can make trees deeper than Python's stack."""
    open_ends = [(Fold((top,)), place)]
    while open_ends:
        fold, place = open_ends.pop()
        yield from _lines(fold, place, zero_ns, width)
        if len(fold.nodes) > 1:
            continue
        node = fold.first
        folds = [Fold((child,)) for child in node.children] if whole else folded(node.children)
        below = [(each, _below(node.span, place.below, each is folds[-1], width)) for each in folds]
        open_ends.extend(reversed(below))


def _below(parent: SpanRecord | None, indent: str, last: bool, width: int) -> _Place:
    # On a narrow terminal the indent stops growing before it eats the names.
    if len(indent) > width - _TIMES - 16:
        return _Place(parent, indent, indent)
    return _Place(parent, indent + ("└ " if last else "├ "), indent + ("  " if last else "│ "))


def _lines(fold: Fold, place: _Place, zero_ns: int, width: int) -> Iterator[str]:
    head, span = place.head, fold.first.span
    if lain := _lain(place.parent, span):
        yield _row(f"{head}~ waiting {lain[0]}", "", _duration(lain[1]), width)
        head = place.below
    offset = f"+{_duration(max(0, span.start_ns - zero_ns))}"
    if len(fold.nodes) > 1:
        yield _row(f"{head}{span.service}  {_names(fold)}", offset, _duration(fold.end_ns - span.start_ns), width)
        return
    yield _row(f"{head}{span.service}  {_name(span)}", offset, _duration(span.end_ns - span.start_ns), width)
    if span.failed:
        yield f"{place.below}! failed: {span.why}"[:width]


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


def _names(fold: Fold) -> str:
    """A fold's name, its number, and what it asked of others."""
    asked = [_times_over(name.rpartition(".")[2], count) for name, count in fold.below().items()]
    return _times_over(_name(fold.first.span), len(fold.nodes)) + (f" ({', '.join(asked)})" if asked else "")


def _times_over(name: str, count: int) -> str:
    return f"{name} x{count}" if count > 1 else name


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
