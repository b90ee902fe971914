"""What is asked for and waits: a hold (挂账), an extension (延期), an answer of an outside body (外部单位).

And what a level above ordered (督办).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.grid.domain.states import OutsideAnswer, TimeKind


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideRequest:
    """What an outside body was asked for: its name, its code and the number under which it knows it, if there are any.

    `answer` is None until it is written down; `answer_reason` says why it is not done, and may hold a person's data.
    """

    body: str
    body_code: str = ""
    reference: str = ""
    sent_at: datetime
    answer_by: datetime
    answer: OutsideAnswer | None = None
    answer_reason: str = field(default="", repr=False)
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """An order to see to an incident (督办): of which grid centre, why, and by when it is to be handled.

    `missed`: that moment has passed, and whoever ordered it was told. `reason` may hold a person's data.
    """

    ordered_by: str
    reason: str = field(repr=False)
    ordered_at: datetime
    answer_by: datetime
    missed: bool = False

    def late(self, now: datetime) -> bool:
        """Its moment has passed, and nobody was told yet."""
        return not self.missed and self.answer_by <= now
