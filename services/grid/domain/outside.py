"""Outside bodies (转外部单位), which have no login here: what is sent to one waits for its answer, and a clock runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.requests import OutsideRequest
from services.grid.domain.states import Command, IncidentState, OutsideAnswer
from services.kernel import texts
from services.kernel.errors import Violation, invalid

LONGEST_ANSWER_DAYS = 90
"""How far ahead the answer may be due."""

texts.register(
    {
        "ANSWER_UNFIT": (
            "答复时限须晚于当前时间，且不超过 {days} 天。",
            "The answer must be due ahead, by {days} days at most.",
        ),
    }
)


def send(
    incident: Incident, request: OutsideRequest, *, seen: int, by: str | None, limits: Limits, now: datetime
) -> Incident:
    """The department in charge, or the grid centre with what is filed, sends it there.

    The grid centre is in charge then, so that it is the same to whom the answer comes back. Raises Refusal ANSWER_UNFIT
    as violation.
    """
    step = incident.led(
        Command.SEND_OUTSIDE, seen=seen, by=by, limits=limits, now=now, body=request.body, answer_by=request.answer_by
    )
    if not now < request.answer_by <= now + timedelta(days=LONGEST_ANSWER_DAYS):
        raise invalid(Violation("answer_by", "ANSWER_UNFIT", {"days": LONGEST_ANSWER_DAYS}))
    own = _taken_on(incident, limits, now) if incident.state is IncidentState.FILED else {}
    return incident.moved(step, limits, now, outside=request, **own)


def answer(
    incident: Incident,
    said: OutsideAnswer | None,
    reason: str,
    *,
    seen: int,
    by: str | None,
    limits: Limits,
    now: datetime,
) -> Incident:
    """What the body answered is written down: it is back with whoever sent it there."""
    command = Command.OUTSIDE_DONE if said is OutsideAnswer.DONE else Command.OUTSIDE_UNDONE
    step = incident.led(command, seen=seen, by=by, limits=limits, now=now, answer=said, reason=reason)
    assert incident.outside is not None
    answered = replace(incident.outside, answer=said, answer_reason=reason, answered_at=now)
    return incident.moved(step, limits, now, outside=answered)


def _taken_on(incident: Incident, limits: Limits, now: datetime) -> dict[str, Any]:
    """The grid centre in charge, as a department that was dispatched to and accepted."""
    return {
        "department": incident.owner,
        "dispatched_at": now,
        "accepted_at": now,
        "handle_within": limits.handle,
        "dispatch_reason": "",
    }
