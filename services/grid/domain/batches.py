"""Batches: reports that a phone kept while it had no network, under ids that it made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.grid.domain.incidents import Incident
from services.grid.domain.reports import Report
from services.kernel.errors import Kind, Refusal


@dataclass(frozen=True, slots=True)
class Submission:
    """A report under the id that a phone gave it; `digest` tells it from others."""

    id: UUID
    report: Report
    digest: bytes

    def filed_as(self, incident: Incident) -> Submitted:
        """What is remembered of it once it is filed."""
        captured_at = self.report.captured_at or incident.filed_at
        return Submitted(incident.id, incident.case_number, captured_at, incident.filed_at, self.digest)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submission. It never changes, so that it can be told again at any time."""

    incident_id: UUID
    case_number: str
    captured_at: datetime
    received_at: datetime
    digest: bytes

    def told_again(self, submission: Submission) -> Submitted:
        """The answer to the same submission; Refusal KEY_REUSED to another under its id."""
        if submission.digest != self.digest:
            raise Refusal("KEY_REUSED", Kind.INVALID)
        return self
