"""What cases go through: courses of events, as services would tell them, and how often each kind of case occurs.

A course is made once for each county, speed and length, with the real domain code; cases are copies of it that are
moved in time and given ids, a place and a type of their own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from observability.casetrace.domain.cases import Case, case_of
from observability.casetrace.domain.facts import Fact

BEGIN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBER = "{county}-20260105-2000001-0"
SPEEDS = (0.1, 0.3, 0.6, 1.0, 1.6, 3.0, 8.0)
"""How much longer than planned things take."""

# Type; service; hours after the case began; holder; hours that the deadline lies ahead; link. Notices stand between.
FILED = ("IncidentFiled", "grid", 0.0, "ZHZX", 24.0, "")
DISPATCHED = ("IncidentDispatched", "grid", 3.0, "{dept}", 72.0, "")
ACCEPTED = ("IncidentAccepted", "grid", 6.0, "{dept}", 72.0, "")
HANDLED = ("IncidentHandled", "grid", 40.0, "ZHZX", 24.0, "")
VERIFIED = ("IncidentVerified", "grid", 46.0, "ZHZX", 24.0, "")
CLOSED = ("IncidentClosed", "grid", 50.0, "", 0.0, "")
RETURNED = ("IncidentReturned", "grid", 5.0, "ZHZX", 24.0, "")
AGAIN = ("IncidentDispatched", "grid", 6.0, "{dept}", 72.0, "")
REWORK = ("IncidentReworkOrdered", "grid", 42.0, "{dept}", 48.0, "")
REDONE = ("IncidentHandled", "grid", 60.0, "ZHZX", 24.0, "")
LATER_VERIFIED = ("IncidentVerified", "grid", 64.0, "ZHZX", 24.0, "")
LATER_CLOSED = ("IncidentClosed", "grid", 70.0, "", 0.0, "")
ESCALATED = ("IncidentEscalated", "grid", 30.0, "{dept}", 24.0, "")
REOPENED = ("IncidentReopened", "grid", 90.0, "ZHZX", 24.0, "")
CLOSED_AGAIN = ("IncidentClosed", "grid", 120.0, "", 0.0, "")
OPENED = ("InspectionOpened", "inspection", 3.1, "{dept}", 0.0, "caused")
ASSIGNED = ("OfficersAssigned", "inspection", 7.0, "", 0.0, "")
FOUND = ("FindingRecorded", "inspection", 20.0, "", 0.0, "")
ORDERED = ("RectificationOrdered", "inspection", 21.0, "", 48.0, "")
RECHECKED = ("RecheckRecorded", "inspection", 36.0, "", 0.0, "")
INSPECTED = ("InspectionClosed", "inspection", 38.0, "", 0.0, "")
SUSPENDED = ("CertificateSuspended", "certificates", 20.1, "", 0.0, "concerns")
LIFTED = ("SuspensionLifted", "certificates", 36.1, "", 0.0, "concerns")
PARKED = ("EventParked", "notification", 8.0, "", 0.0, "caused")
NOTICES = [("NoticeCreated", "notification", hours, "", 0.0, "") for hours in (0.1, 3.2, 40.1, 50.1)]

USUAL = [FILED, DISPATCHED, ACCEPTED, HANDLED, VERIFIED, CLOSED]
INSPECTION = [OPENED, ASSIGNED, FOUND, INSPECTED]
Step = tuple[str, str, float, str, float, str]
# Of a thousand cases so many are of a kind.
KINDS: tuple[tuple[int, list[Step]], ...] = (
    (690, [*USUAL, *NOTICES]),
    (130, [*USUAL, *INSPECTION, *NOTICES[:3]]),
    (40, [*USUAL, *INSPECTION, ORDERED, RECHECKED, *NOTICES]),
    (18, [*USUAL, *INSPECTION, ORDERED, RECHECKED, SUSPENDED, LIFTED, *NOTICES]),
    (40, [FILED, DISPATCHED, RETURNED, AGAIN, ACCEPTED, HANDLED, VERIFIED, CLOSED, *NOTICES]),
    (30, [*USUAL[:4], REWORK, REDONE, LATER_VERIFIED, LATER_CLOSED, *NOTICES]),
    (30, [*USUAL, ESCALATED, *NOTICES]),
    (20, [*USUAL, REOPENED, CLOSED_AGAIN, *NOTICES]),
    (2, [*USUAL, PARKED, *NOTICES]),
)
OF_KIND = [kind for kind, (many, _) in enumerate(KINDS) for _ in range(many)]
DEPARTMENTS = ("CGJ", "SCJG", "ZJJ", "HBJ", "GAJ", "YJJ")


@dataclass(frozen=True, slots=True)
class Course:
    """The events of a case that began at `BEGIN`, and the case that they make; `held` as its row has it."""

    facts: Sequence[Fact]
    case: Case
    held: str

    @property
    def lasts(self) -> timedelta:
        """From the first event to the last."""
        return self.case.last_at - self.case.opened_at


@cache
def course(kind: int, county: str, department: str, speed: float, most: int) -> Course:
    """Up to `most` events of a kind of case. `department`: who handles it, the letters of its code."""
    steps = sorted(KINDS[kind][1], key=lambda step: step[2])[:most]
    facts = [_fact(place, step, county, department, speed) for place, step in enumerate(steps)]
    case = case_of(facts)
    held = {who: (each.time.total_seconds(), each.times) for who, each in case.held.items()}
    return Course(facts, case, json.dumps(held))


def _fact(place: int, step: Step, county: str, department: str, speed: float) -> Fact:
    name, service, hours, holder, left, link = step
    at = BEGIN + speed * hours * HOUR
    letters = holder.format(dept=department)
    fact = Fact(
        id=f"{place:02}",
        type=f"egov.chassis.v1.{name}" if name == PARKED[0] else f"egov.{service}.v1.{name}",
        service=service,
        at=at,
        aggregate_id=service if service != "notification" else f"notice-{place}",
        aggregate_version=place + 1,
        case_number=NUMBER.format(county=county),
        holder=f"department/{county}-{letters}" if letters else None,
        deadline=at + left * HOUR if left else None,
        region=county,
        links=((link, ""),) if link else (),
    )
    if name in (FILED[0], REOPENED[0]):
        return replace(fact, phase="opens", subject_type="")
    return replace(fact, phase="closes") if name == CLOSED[0] else fact
