"""Whether a person or a member system may act: shut out and let in again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kernel import texts
from services.kernel.errors import failed_state

texts.register(
    {
        "NOT_YOURSELF": (
            "不能停用自己：停用后将无法自行恢复。",
            "Nobody shuts themself out: they could not let themself in again.",
        ),
    }
)


class Reason(StrEnum):
    """Why somebody is shut out."""

    LEFT = "left"
    """Left the service, or the member system was given up."""
    EXPOSED = "exposed"
    """A key, a secret or a device was lost or seen by others."""
    MISUSE = "misuse"
    """Used for what it was not given for."""
    ORDERED = "ordered"
    """Ordered by an authority."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person or a member system stands. `version` is that of their record; may act: no `since`, no `reason`."""

    version: int
    since: datetime | None = None
    reason: Reason | None = None

    @property
    def disabled(self) -> bool:
        """May not act."""
        return self.since is not None

    def disable(self, reason: Reason, now: datetime) -> Standing:
        """Shut out. Raises Refusal WRONG_STATE for one that is shut out already."""
        if self.disabled:
            raise failed_state("WRONG_STATE")
        return Standing(self.version + 1, now, reason)

    def enable(self) -> Standing:
        """Let in again. Raises Refusal WRONG_STATE for one that is not shut out."""
        if not self.disabled:
            raise failed_state("WRONG_STATE")
        return Standing(self.version + 1)
