"""One stored span, and its form as one JSON line.

A line begins with the trace id at a fixed place, so that a reader can pass over other traces without parsing them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Value = str | int | float | bool | list[str]

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
_TRACE_AT = slice(10, 42)


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """A finished span. Ids are lower-case hexadecimal; `parent` is empty for a root; times are ns since 1970, UTC."""

    trace: str
    span: str
    parent: str
    name: str
    kind: str
    service: str
    start_ns: int
    end_ns: int
    failed: bool = False
    attributes: Mapping[str, Value] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()
    """(trace id, span id) of causes in other traces."""

    @property
    def case_number(self) -> str | None:
        """Case that the span belongs to, if it says so."""
        number = self.attributes.get("egov.case.number")
        return number if isinstance(number, str) else None

    @property
    def why(self) -> str:
        """Why it failed, in one word of its attributes; `failed` where they say none."""
        told = (self.attributes.get(name) for name in ("egov.reason", "error.type", "rpc.response.status_code"))
        return next((str(each) for each in told if each), "failed")

    def line(self) -> bytes:
        """The span as one line, its end included."""
        document: dict[str, Any] = {
            "trace": self.trace,
            "span": self.span,
            "parent": self.parent,
            "name": self.name,
            "kind": self.kind,
            "service": self.service,
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
            "failed": self.failed,
            "attributes": self.attributes,
            "links": self.links,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def parse(line: bytes) -> SpanRecord | None:
    """The span of a line, or None for a line that is not whole, such as one that is being written."""
    try:
        document = json.loads(line)
        links = tuple((str(trace), str(span)) for trace, span in document.pop("links"))
        return SpanRecord(**document, links=links)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def trace_of(line: bytes) -> bytes:
    """The trace id of a line as its hexadecimal digits, without parsing it."""
    return line[_TRACE_AT]
