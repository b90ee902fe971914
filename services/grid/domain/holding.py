"""Time for a department that cannot do its work in time: asked for, granted or refused, and over again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.grid.domain.clocks import ClockKind
from services.grid.domain.deadlines import Limits, first_told, lowest_centre
from services.grid.domain.incidents import Incident
from services.grid.domain.requests import TimeRequest
from services.grid.domain.states import Command, TimeKind, Who
from services.kernel import texts
from services.kernel.errors import Violation, failed_state, invalid

LONGEST_HOLD_DAYS = 366
"""How far ahead the review of a hold may lie."""

texts.register(
    {
        "REVIEW_UNFIT": (
            "复核时间须晚于当前时间，且不超过 {days} 天。",
            "The review must lie ahead, by {days} days at most.",
        ),
        "UNITS_UNFIT": (
            "延长时间须大于零，且不超过 {most} 个单位。",
            "An extension has at least one unit and at most {most}.",
        ),
        "HOLD_ONLY": ("仅在批准挂账时填写。", "Only for a hold that is granted."),
        "EXTENSION_ONLY": ("仅在批准延期时填写。", "Only for an extension that is granted."),
    }
)


def ask_hold(
    incident: Incident, reason: str, review_at: datetime, *, seen: int, by: str | None, limits: Limits, now: datetime
) -> Incident:
    """The department in charge asks to put it off until a review. Raises Refusal REVIEW_UNFIT as violation."""
    step = incident.led(
        Command.ASK_HOLD, seen=seen, by=by, limits=limits, now=now, reason=reason, review_at=review_at
    )  # fmt: skip
    _demand_review(review_at, now)
    asked = TimeRequest(kind=TimeKind.HOLD, reason=reason, asked_at=now, review_at=review_at)
    return incident.moved(step, limits, now, asked=asked, refusal_reason="")


def ask_extension(
    incident: Incident, reason: str, units: int, *, seen: int, by: str | None, limits: Limits, now: datetime
) -> Incident:
    """The department in charge asks for so many units of its limit more, at most as many as the limit has.

    Raises Refusal UNITS_UNFIT as violation.
    """
    step = incident.led(Command.ASK_EXTENSION, seen=seen, by=by, limits=limits, now=now, reason=reason, units=units)
    _demand_units(units, _whole(incident))
    asked = TimeRequest(kind=TimeKind.EXTENSION, reason=reason, asked_at=now, units=units)
    return incident.moved(step, limits, now, asked=asked, refusal_reason="")


def refuse_time(
    incident: Incident,
    reason: str,
    *,
    seen: int,
    by: str | None,
    limits: Limits,
    now: datetime,
    review_at: datetime | None = None,
    units: int = 0,
) -> Incident:
    """The grid centre refuses what was asked for; the clock ran on all the while.

    Raises Refusal HOLD_ONLY, EXTENSION_ONLY as violations of what belongs to a grant.
    """
    step = incident.led(Command.REFUSE_TIME, seen=seen, by=by, limits=limits, now=now, reason=reason)
    _demand_unsaid(review_at=review_at, units=units)
    return incident.moved(step, limits, now, asked=None, refusal_reason=reason)


def grant_time(
    incident: Incident,
    *,
    review_at: datetime | None,
    units: int,
    seen: int,
    by: str | None,
    limits: Limits,
    now: datetime,
) -> Incident:
    """The grid centre grants what was asked for, until another review or with fewer units where it says so.

    Raises Refusal REVIEW_UNFIT, UNITS_UNFIT as violations, HOLD_ONLY, EXTENSION_ONLY of what belongs to the other.
    """
    asked = incident.asked
    if asked is not None and asked.kind is TimeKind.EXTENSION:
        step = incident.led(Command.GRANT_EXTENSION, seen=seen, by=by, limits=limits, now=now)
        _demand_unsaid(review_at=review_at)
        _demand_units(units or asked.units, asked.units)
        return incident.moved(step, limits, now, units=units or asked.units, asked=None)
    step = incident.led(Command.GRANT_HOLD, seen=seen, by=by, limits=limits, now=now)
    assert asked is not None and asked.review_at is not None
    _demand_unsaid(units=units)
    review_at = review_at or asked.review_at
    _demand_review(review_at, now)
    return incident.moved(step, limits, now, review_at=review_at, hold_reason=asked.reason)


def chase(incident: Incident, *, limits: Limits, now: datetime) -> Incident:
    """Nobody has decided yet: the grid centre is warned that its time runs out, or the level above it told that it has.

    Raises Refusal NOT_OVERDUE where it is too early for that.
    """
    step = incident.led(Command.CHASE, seen=incident.version, by=Who.TIMER, limits=limits, now=now)
    clock = incident.decision
    if clock is None or limits.next_told(clock) > now:
        raise failed_state("NOT_OVERDUE")
    clocks = tuple(replace(each, told_at=now) if each is clock else each for each in incident.clocks)
    above = lowest_centre(incident.report.region, first_told(incident.owner, limits.centre_of), limits.centre_of)
    supervisor = above.centre if above else incident.owner
    mark = limits.passed((clock,), now)
    return incident.moved(step, limits, now, clocks=clocks, mark=mark, supervisor=supervisor if mark else "")


def resume(incident: Incident, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
    """The hold is over: because the department says so, or because it is time for its review."""
    step = incident.led(Command.RESUME, seen=seen, by=by, limits=limits, now=now)
    return incident.moved(step, limits, now)


def end_hold(incident: Incident, reason: str, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
    """The grid centre finds that the department can go on."""
    step = incident.led(Command.END_HOLD, seen=seen, by=by, limits=limits, now=now, reason=reason)
    return incident.moved(step, limits, now, refusal_reason=reason)


def _demand_unsaid(*, review_at: datetime | None = None, units: int = 0) -> None:
    """Nothing is said that would be passed over."""
    said = (("review_at", "HOLD_ONLY", review_at), ("units", "EXTENSION_ONLY", units))
    violations = [Violation(field, rule) for field, rule, value in said if value]
    if violations:
        raise invalid(*violations)


def _demand_review(review_at: datetime, now: datetime) -> None:
    if not now < review_at <= now + timedelta(days=LONGEST_HOLD_DAYS):
        raise invalid(Violation("review_at", "REVIEW_UNFIT", {"days": LONGEST_HOLD_DAYS}))


def _demand_units(units: int, most: int) -> None:
    if not 0 < units <= most:
        raise invalid(Violation("units", "UNITS_UNFIT", {"most": most}))


def _whole(incident: Incident) -> int:
    """Units that the department's limit has; one at least."""
    clock = next((each for each in incident.clocks if each.running and each.kind is ClockKind.HANDLE), None)
    return max(1, int(clock.limit.amount)) if clock else 1
