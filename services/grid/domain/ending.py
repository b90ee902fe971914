"""Ends of an incident other than its close, and what its reporter thinks of that."""

from __future__ import annotations

from datetime import datetime

from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.states import Command, Satisfaction
from services.kernel.parties import Party


def void(
    incident: Incident, reason: str, *, seen: int, by: str | None, limits: Limits, now: datetime, reply: str = ""
) -> Incident:
    """The grid centre says that it was filed by mistake: it counts as none; its reporter may object.

    `reply` is for whoever reported it.
    """
    step = incident.led(Command.VOID, seen=seen, by=by, limits=limits, now=now, reason=reason)
    return incident.moved(step, limits, now, closed_at=now, closing_reason=reason, reply=reply)


def rate(
    incident: Incident, satisfaction: Satisfaction, *, seen: int, by: Party, limits: Limits, now: datetime
) -> Incident:
    """Whoever reported it says whether they are content with the outcome: once, however often it is closed again.

    What they said first stays: whoever is not content may reopen it, and is not asked until the answer fits. Raises
    Refusal RATED_ALREADY, RATE_TOO_LATE.
    """
    step = incident.led(Command.RATE, seen=seen, by=by, limits=limits, now=now, satisfaction=satisfaction)
    return incident.moved(step, limits, now, satisfaction=satisfaction)
