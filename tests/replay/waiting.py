"""What departments ask for that cannot do their work in time, or that somebody outside has to do."""

from __future__ import annotations

from datetime import datetime

from services.grid import usecases
from services.grid.domain.incidents import Incident
from services.grid.domain.requests import OutsideRequest
from services.grid.domain.standing import Which
from services.grid.domain.states import OutsideAnswer
from tests.replay.city import Desk


def ask_hold(desk: Desk, which: Which, until: datetime | None) -> Incident:
    """For a hold until a review."""
    assert until is not None
    return usecases.ask_hold(desk.uow, desk.incidents, which, "等待天气好转", until, desk.limits)


def ask_extension(desk: Desk, before: Incident, which: Which) -> Incident:
    """For half of the present limit on top; not by whoever is late."""
    if before.handle_by is None or before.handle_by < desk.uow.now():
        return before
    assert before.handle_within is not None
    units = max(1, int(before.handle_within.amount) // 2)
    return usecases.ask_extension(desk.uow, desk.incidents, which, "需要更多人手", units, desk.limits)


def decide(desk: Desk, before: Incident, which: Which, *, granted: bool, units: int = 0) -> Incident:
    """The grid centre grants what was asked, as it was asked unless it says how many units; or refuses it."""
    if before.asked is None:
        return before
    reason = "" if granted else "理由不充分"
    return usecases.decide_time(
        desk.uow, desk.incidents, which, granted=granted, reason=reason, review_at=None, units=units, limits=desk.limits
    )


def resume(desk: Desk, which: Which) -> Incident:
    """The department goes on before the review."""
    return usecases.resume_incident(desk.uow, desk.incidents, which, desk.limits)


def end_hold(desk: Desk, which: Which) -> Incident:
    """The grid centre finds that it can go on."""
    return usecases.end_hold(desk.uow, desk.incidents, which, "条件已具备", desk.limits)


def send_outside(desk: Desk, which: Which, until: datetime | None) -> Incident:
    """To the power grid, which has no login here."""
    assert until is not None
    asked = OutsideRequest(body="供电公司", sent_at=desk.uow.now(), answer_by=until)
    return usecases.send_outside(desk.uow, desk.incidents, which, asked, desk.limits)


def answer(desk: Desk, which: Which, *, done: bool) -> Incident:
    """What it answered is written down."""
    said, reason = (OutsideAnswer.DONE, "") if done else (OutsideAnswer.FAILED, "不属其管理范围")
    return usecases.record_outside_answer(desk.uow, desk.incidents, which, said, reason, desk.limits)
