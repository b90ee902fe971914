"""What a department asks for that cannot do its work in time: a hold (挂账), or an extension (延期)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.grid.domain.states import TimeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRequest:
    """A request that waits for the grid centre's decision. `reason` may hold a person's data.

    Of a hold `review_at` is when it shall be looked at again; of an extension `units` are those of the department's
    limit that it shall have on top.
    """

    kind: TimeKind
    reason: str = field(repr=False)
    asked_at: datetime
    review_at: datetime | None = None
    units: int = 0
