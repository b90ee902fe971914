"""A report that a phone kept: filed once, and told again as often as it is sent."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from services.grid.domain.batches import Submission, Submitted
from services.grid.domain.deadlines import Limits
from services.grid.usecases.dispatching import Dispatching
from services.grid.usecases.incidents import file_incident
from services.grid.usecases.ports import Incidents, Reference
from services.kernel.parties import Party
from services.kernel.ports import UnitOfWork
from services.kernel.regions import Region


class Batches(Protocol):
    """What the use case needs of the store of submissions."""

    def find(self, reporter: Party, item_id: UUID) -> Submitted | None:
        """What became of a reporter's submission; None when it never came."""

    def add(self, reporter: Party, item_id: UUID, submitted: Submitted) -> None:
        """Remember it; Refusal IN_PROGRESS when somebody else just did."""


def submit_item(
    uow: UnitOfWork,
    batches: Batches,
    incidents: Incidents,
    reference: Reference,
    submission: Submission,
    region: Region | None,
    bound: str,
    limits: Limits,
    dispatching: Dispatching | None = None,
) -> Submitted:
    """File what was submitted, or tell what it was filed as. Raises what `file_incident` does, and KEY_REUSED."""
    reporter = Party(*uow.caller.party)
    known = batches.find(reporter, submission.id)
    if known:
        return known.told_again(submission)
    incident = file_incident(uow, incidents, reference, submission.report, region, bound, limits, dispatching)
    submitted = submission.filed_as(incident)
    batches.add(reporter, submission.id, submitted)
    return submitted
