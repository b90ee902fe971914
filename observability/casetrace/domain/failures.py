"""A call that failed or was slow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """What a service left of it. `code`: gRPC status by name; `reason` is empty for one that was only slow.

    A call that was refused early may not know its case. `aggregate_id`: what it was about, None where that is not told.
    """

    at: datetime
    trace_id: str
    span_id: str
    service: str
    method: str
    code: str
    reason: str
    duration_ms: float
    case_number: str | None
    aggregate_id: str | None = None
