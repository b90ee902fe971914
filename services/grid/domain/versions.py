"""What operators import as a whole: it is never changed, another version takes its place at a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple, Protocol

from services.kernel import texts
from services.kernel.errors import denied

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""From when on a first version is in force before which no case could have begun."""
_CITY_DIGITS = 4

texts.register(
    {
        "CITY_ONLY": (
            "目录适用于全市，只能由市级人员导入。",
            "A catalogue is for the whole city: so must be who imports it.",
        ),
    }
)


class Versioned(Protocol):
    """What comes in versions."""

    IN_PAST: ClassVar[str]
    """The reason for which a moment in the past is refused."""
    FROM_BEGINNING: ClassVar[bool]
    """The first one, where no moment is said, is in force from the BEGINNING."""

    @property
    def digest(self) -> str:
        """Tells one from another, in whatever order its lines came."""


class Version(NamedTuple):
    """A version that was imported: `number` counts them, the later one goes before where both begin at a moment."""

    number: int
    digest: str
    effective_from: datetime
    imported_at: datetime


class Outcome(StrEnum):
    """What became of an import."""

    IMPORTED = "IMPORTED"
    UNCHANGED = "UNCHANGED"
    """The version that is in force at that moment says the same."""
    CHECKED = "CHECKED"
    """A dry run: it could be imported."""
    FAULTY = "FAULTY"
    """Nothing was taken."""


def demand_city(bound: str) -> None:
    """Raises Refusal CITY_ONLY for a caller bound to less than the city: what comes in versions is for all of it."""
    if len(bound) > _CITY_DIGITS:
        raise denied("CITY_ONLY")
