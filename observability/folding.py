"""Which spans of a tree the text shows as one line: work that was done several times over and went well."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from observability.tree import Node


class Fold(NamedTuple):
    """Siblings that are alike, in order of start; most often one alone."""

    nodes: tuple[Node, ...]

    @property
    def first(self) -> Node:
        """The one that began first."""
        return self.nodes[0]

    @property
    def end_ns(self) -> int:
        """When the last of them and of all below them ended."""
        return max(node.span.end_ns for each in self.nodes for node in each.walk())

    def below(self) -> dict[str, int]:
        """Names of what the work asked of others, and how often."""
        asked = (node.span for each in self.nodes for node in each.walk() if node is not each)
        return dict(Counter(span.name for span in asked if span.kind == "client"))


def folded(siblings: Sequence[Node]) -> list[Fold]:
    """The siblings, each in the place of the first that is like it.

    Never folded: what failed, and what an event went on from to other consumers.
    """
    if len(siblings) == 1:
        return [Fold((siblings[0],))]
    groups: dict[object, list[Node]] = {}
    for node in siblings:
        groups.setdefault(_likeness(node) if _plain(node) else node, []).append(node)
    return [Fold(tuple(group)) for group in groups.values()]


def _likeness(node: Node) -> tuple[object, ...]:
    span = node.span
    return span.service, span.kind, span.name, span.attributes.get("egov.event.type")


def _plain(node: Node) -> bool:
    spans = [each.span for each in node.walk()]
    return not any(span.failed or "egov.consumer" in span.attributes for span in spans)
