"""From spans in any order to the trees of one case.

One `Trace` per trace id: its roots, then orphans under the parent that is missing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from observability.records import SpanRecord


@dataclass(eq=False)
class Node:
    """A span and what it caused, in order of start."""

    span: SpanRecord
    children: "list[Node]" = field(default_factory=list)

    def walk(self) -> "Iterator[Node]":
        """This node and all below it, parents before children."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True)
class Trace:
    """One trace as far as it concerns the case."""

    trace: str
    """Trace id."""
    roots: tuple[Node, ...]
    orphans: tuple[tuple[str, tuple[Node, ...]], ...]
    """(span id of a parent that is not stored, what it caused)."""
    of_other_cases: int
    """Spans that were left out because they serve other cases."""

    def tops(self) -> tuple[Node, ...]:
        """Roots, then orphans."""
        return self.roots + tuple(node for _, nodes in self.orphans for node in nodes)

    def nodes(self) -> Iterator[Node]:
        """All nodes, parents before children."""
        for top in self.tops():
            yield from top.walk()

    @property
    def start_ns(self) -> int:
        """When the first span began."""
        return min(node.span.start_ns for node in self.nodes())

    @property
    def end_ns(self) -> int:
        """When the last span ended."""
        return max(node.span.end_ns for node in self.nodes())


def traces(spans: Iterable[SpanRecord], case_number: str) -> list[Trace]:
    """The traces of the case, by start. A span that was sent twice counts once."""
    by_trace: dict[str, dict[str, SpanRecord]] = defaultdict(dict)
    for span in spans:
        by_trace[span.trace][span.span] = span
    grown = (_grown(trace, list(unique.values()), case_number) for trace, unique in by_trace.items())
    return sorted((trace for trace in grown if trace.tops()), key=lambda trace: trace.start_ns)


def _grown(trace: str, spans: Sequence[SpanRecord], case_number: str) -> Trace:
    roots, orphans = _joined(spans)
    kept_roots = _pruned(roots, case_number)
    kept_orphans = tuple((parent, kept) for parent, below in orphans.items() if (kept := _pruned(below, case_number)))
    whole = Trace(trace, kept_roots, kept_orphans, 0)
    return replace(whole, of_other_cases=len(spans) - sum(1 for _ in whole.nodes()))


def _joined(spans: Sequence[SpanRecord]) -> tuple[list[Node], dict[str, list[Node]]]:
    """Roots, and by missing parent those that it caused; below each node its children."""
    nodes = {span.span: Node(span) for span in sorted(spans, key=lambda span: (span.start_ns, span.span))}
    roots: list[Node] = []
    orphans: dict[str, list[Node]] = defaultdict(list)
    for node in nodes.values():
        parent = nodes.get(node.span.parent)
        if parent is not None and parent is not node:
            parent.children.append(node)
        elif node.span.parent:
            orphans[node.span.parent].append(node)
        else:
            roots.append(node)
    _cut(nodes, roots, orphans)
    return roots, orphans


def _cut(nodes: Mapping[str, Node], roots: list[Node], orphans: dict[str, list[Node]]) -> None:
    """Spans that cause one another in a circle begin with the earliest: nothing else leads there."""
    tops = [*roots, *(node for below in orphans.values() for node in below)]
    reached = {below for top in tops for below in top.walk()}
    for node in nodes.values():
        if node not in reached:
            nodes[node.span.parent].children.remove(node)
            orphans[node.span.parent].append(node)
            reached.update(node.walk())


def _pruned(tops: Sequence[Node], case_number: str) -> tuple[Node, ...]:
    """Without the branches that serve other cases only: a timer or a merged incident touches several."""
    for top in tops:
        for node in top.walk():
            node.children = [child for child in node.children if _serves(child, case_number)]
    return tuple(top for top in tops if _serves(top, case_number))


def _serves(node: Node, case_number: str) -> bool:
    """The case's own and what names none; another case's only where this one's is below it."""
    return node.span.case_number in (None, case_number) or any(
        below.span.case_number == case_number for below in node.walk()
    )


def waiting(parent: SpanRecord, child: SpanRecord) -> tuple[str, int] | None:
    """Where the work lay between the two and for how many ns, or None if it began while the parent ran.

    An event lies in the outbox until the relay sends it and at the broker until a consumer takes it; a job lies in its
    row. An event may be taken before its acknowledgement is back at the sender: then it waited 0 ns.
    """
    gap = child.start_ns - parent.end_ns
    if child.kind == "consumer" and parent.kind == "producer":
        return "at the broker", max(0, gap)
    if gap <= 0:
        return None
    if child.kind == "producer":
        return "in the outbox", gap
    if child.name.startswith("job "):
        return "for its turn", gap
    return "to begin", gap
