"""A trace, as far as it concerns a case."""

from __future__ import annotations

from collections.abc import Sequence

from observability.records import SpanRecord
from observability.tree import Trace, traces
from services.kernel.errors import not_found


def trace_of_case(spans: Sequence[SpanRecord], number: str) -> Trace:
    """The spans of one trace as a tree, without branches that serve other cases only.

    Refusal TRACE_NOT_FOUND where none of them says that it belongs to the case: what serves no case may be anybody's.
    """
    if not any(span.case_number == number for span in spans):
        raise not_found("TRACE_NOT_FOUND")
    (trace,) = traces(spans, number)
    return trace
