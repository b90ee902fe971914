"""Sync: which incidents an app keeps a copy of, where it stands among the changes, and when it has to start over."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.grid.domain.incidents import Incident
from services.grid.domain.reports import only_reports_of
from services.kernel import texts
from services.kernel.errors import failed_state
from services.kernel.parties import Party
from services.kernel.ports import Caller

texts.register(
    {
        "SYNC_START_OVER": (
            "同步位置已失效，请清空本地数据后重新同步。",
            "This app cannot go on from here. Forget what it kept, and begin with an empty token.",
        ),
    }
)

TOKEN_LASTS = timedelta(days=30)
LEFT_IS_KEPT = timedelta(days=40)
"""How long it is known that an incident went out of somebody's sight: longer than any token lasts."""
NOWHERE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose copy it is: incidents inside `bound`, of one reporter or one department where these are named."""

    bound: str
    reporter: Party | None = None
    department: str = ""

    @classmethod
    def of(cls, caller: Caller, bound: str, only_department: bool) -> Audience:
        """What the caller may read, or what of it their department is in charge of or answers for."""
        reporter = only_reports_of(caller)
        department = caller.department or "" if only_department else ""
        return cls(bound, reporter, department)

    @property
    def mark(self) -> str:
        """A short text that another audience does not have."""
        said = "\0".join((self.bound, *(self.reporter or ()), self.department))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


class Place(NamedTuple):
    """A place in the order of changes: a transaction, and within it an incident."""

    transaction: int = 0
    incident_id: UUID = NOWHERE


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the database is. Every change by a transaction below `horizon` is done or undone, and there for all to see.

    `epoch` changes when the database is restored or another takes its place: transactions are then counted differently.
    """

    epoch: str
    horizon: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where an app stands. What left its sight before transaction `floor`, when it had nothing, is not told."""

    epoch: str
    mark: str
    floor: int
    after: Place
    at: datetime

    @classmethod
    def first(cls, audience: Audience, standing: Standing) -> Bookmark:
        """That of an app that has nothing."""
        return cls(standing.epoch, audience.mark, standing.horizon, Place(), standing.at)

    def demand_good(self, audience: Audience, standing: Standing) -> None:
        """Refusal SYNC_START_OVER where changes could be left out."""
        same = (self.epoch, self.mark) == (standing.epoch, audience.mark)
        if not same or standing.at - self.at > TOKEN_LASTS:
            raise failed_state("SYNC_START_OVER")

    def moved(self, changes: Changes, standing: Standing) -> Bookmark:
        """That of the app once it has applied these."""
        after = changes.last if changes.more else Place(standing.horizon)
        return Bookmark(self.epoch, self.mark, self.floor, after, standing.at)


class Change(NamedTuple):
    """An incident as it stands; None: it is out of the audience's sight."""

    incident_id: UUID
    incident: Incident | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Some changes in order, the place of the last one, and whether there are more already."""

    rows: tuple[Change, ...]
    last: Place
    more: bool
