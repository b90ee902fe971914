"""Queues: what waits for whom, the most urgent first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.grid.domain.incidents import Incident
from services.grid.domain.reports import only_reports_of
from services.grid.domain.states import IncidentState, Who
from services.grid.domain.transitions import HELD_BY
from services.kernel.parties import Party
from services.kernel.ports import Caller


class QueueKind(StrEnum):
    """What the incidents of a queue wait for."""

    TO_DISPATCH = "TO_DISPATCH"
    TO_ACCEPT = "TO_ACCEPT"
    AT_WORK = "AT_WORK"
    TO_VERIFY = "TO_VERIFY"
    TO_CLOSE = "TO_CLOSE"
    TO_COORDINATE = "TO_COORDINATE"
    ON_HOLD = "ON_HOLD"
    OVERDUE = "OVERDUE"
    DUE_SOON = "DUE_SOON"
    MINE = "MINE"
    TO_CHECK = "TO_CHECK"
    TO_FILE = "TO_FILE"
    OUTSIDE = "OUTSIDE"
    UNDECIDED = "UNDECIDED"
    """Of what is to be dispatched that which rules leave to a person."""
    TO_DECIDE = "TO_DECIDE"
    """A department asked for a hold or an extension: the grid centre decides."""
    SUPERVISED = "SUPERVISED"
    """A level above ordered that it is handled by a day."""


STATE_OF: Mapping[QueueKind, IncidentState] = {
    QueueKind.TO_DISPATCH: IncidentState.FILED,
    QueueKind.TO_ACCEPT: IncidentState.DISPATCHED,
    QueueKind.AT_WORK: IncidentState.ACCEPTED,
    QueueKind.TO_VERIFY: IncidentState.HANDLED,
    QueueKind.TO_CLOSE: IncidentState.VERIFIED,
    QueueKind.TO_COORDINATE: IncidentState.REFERRED,
    QueueKind.ON_HOLD: IncidentState.ON_HOLD,
    QueueKind.TO_CHECK: IncidentState.REPORTED,
    QueueKind.TO_FILE: IncidentState.CHECKED,
    QueueKind.OUTSIDE: IncidentState.OUTSIDE,
}
"""The state of the incidents in a queue; those that are not here hold incidents of every open state.

A duplicate is in no queue of work: it waits for its main incident.
"""

STANDING_STILL = (IncidentState.ON_HOLD, IncidentState.MERGED)
"""In these states no time runs: nothing is overdue or due."""


def held_by(who: Who) -> tuple[IncidentState, ...]:
    """The states in which this one holds an incident."""
    return tuple(state for state, holder in HELD_BY.items() if holder is who)


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose queues: inside `bound` what a reporter reported, else what a department holds, else everything.

    Due soon is what is due after `now` and until `soon`.
    """

    bound: str
    reporter: Party | None
    department: str
    now: datetime
    soon: datetime

    @classmethod
    def of(cls, caller: Caller, bound: str, *, whole_region: bool, now: datetime, soon: datetime) -> Desk:
        """The caller's; of who speaks for no department what they reported."""
        department = "" if whole_region else caller.department or ""
        return cls(bound, only_reports_of(caller), department, now, soon)

    def reporting(self, party: Party) -> Desk:
        """That of what this party reported."""
        return Desk(self.bound, party, "", self.now, self.soon)


def urgency(incident: Incident) -> datetime:
    """By what a queue is sorted: the deadline, or for one that has none since when it is waiting."""
    return incident.deadline or incident.filed_at
