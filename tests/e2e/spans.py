"""Spans as the collector stored them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from observability import files
from observability.records import SpanRecord, parse, trace_of

What = tuple[str, str, str]
"""Service, kind and name of a span; names of calls without their package."""
Edge = tuple[What | None, What]
"""Parent and child; a root has no parent."""


def spans_of(folder: Path, trace_id: str) -> list[SpanRecord]:
    """All stored spans of a trace."""
    found = (parse(line) for line in files.lines(folder) if trace_of(line) == trace_id.encode())
    return [span for span in found if span is not None]


def what(span: SpanRecord) -> What:
    """What a span is, in short."""
    name = span.name.rpartition(".")[2] if "/" in span.name else span.name
    return span.service, span.kind, name


def edges(spans: Iterable[SpanRecord]) -> Counter[Edge]:
    """Every edge of the tree, and how often it is there. KeyError for a span whose parent is not there."""
    by_id = {span.span: span for span in spans}
    return Counter((what(by_id[span.parent]) if span.parent else None, what(span)) for span in by_id.values())
