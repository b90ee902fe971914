"""Supervision (督办): a level above orders that an incident is handled by a day, and is told when it was not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.grid.domain.deadlines import Level, Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.requests import Supervision
from services.grid.domain.states import Command, Who
from services.kernel import texts
from services.kernel.errors import Violation, failed_state, invalid

LONGEST_ORDER_DAYS = 90

texts.register(
    {
        "ORDERED_ABOVE": (
            "上级督办尚未到期，下级不得另行督办。",
            "A higher level ordered it by a day that is still ahead: that order stands.",
        ),
        "ORDER_UNFIT": (
            "督办时限须晚于现在，且不超过 {days} 天。",
            "The day of an order lies ahead, at most {days} days.",
        ),
    }
)


def supervise(
    incident: Incident, reason: str, answer_by: datetime, *, seen: int, by: str | None, limits: Limits, now: datetime
) -> Incident:
    """The county's grid centre, or one above, orders it; an earlier order is over. Deadlines stay as they are.

    Raises Refusal ORDER_UNFIT as violation; ORDERED_ABOVE.
    """
    step = incident.led(
        Command.SUPERVISE, seen=seen, by=by, limits=limits, now=now, reason=reason, answer_by=answer_by
    )  # fmt: skip
    if not now < answer_by <= now + timedelta(days=LONGEST_ORDER_DAYS):
        raise invalid(Violation("answer_by", "ORDER_UNFIT", {"days": LONGEST_ORDER_DAYS}))
    if not may_order(incident, by):
        raise failed_state("ORDERED_ABOVE")
    order = Supervision(ordered_by=by or "", reason=reason, ordered_at=now, answer_by=answer_by)
    return incident.moved(step, limits, now, supervision=order)


def may_order(incident: Incident, by: str | None) -> bool:
    """No order stands that a higher level than `by` gave and still waits for."""
    order = incident.supervision
    if order is None or order.missed or not by:
        return True
    levels = list(Level)
    given, giving = (levels.index(Level.at(code.partition("-")[0])) for code in (order.ordered_by, by))
    return given <= giving


def remind(incident: Incident, *, limits: Limits, now: datetime) -> Incident:
    """The day of the order has passed: whoever gave it is told, once. Raises Refusal NOT_OVERDUE."""
    step = incident.led(Command.REMIND, seen=incident.version, by=Who.TIMER, limits=limits, now=now)
    assert incident.supervision is not None
    return incident.moved(step, limits, now, supervision=replace(incident.supervision, missed=True))
