"""What must be so beside the state of an incident before a step is taken, and what must be said with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from services.grid.domain.clocks import Clock, ClockKind
from services.grid.domain.deadlines import Limits
from services.grid.domain.states import IncidentState, TimeKind
from services.grid.domain.transitions import Given, Need, Step
from services.kernel import texts
from services.kernel.errors import Violation, failed_state, invalid

if TYPE_CHECKING:
    from services.grid.domain.standing import Standing

texts.register(
    {
        "REASON_NEEDED": ("请说明理由。", "Say why."),
        "DISPATCH_BINDS": (
            "该事件由上级协调指派，不得退单、改派或并案。",
            "A coordinator dispatched it with binding effect: it cannot be returned, dispatched anew or merged.",
        ),
        "TIME_ASKED_ALREADY": (
            "已有待批的延期或挂账申请。",
            "A request for a hold or an extension waits for its answer.",
        ),
        "NO_TIME_ASKED": ("没有待批的延期或挂账申请。", "No hold or extension was asked for."),
        "EXTENDED_ALREADY": ("本次处置已批准过延期。", "The present handling was extended before."),
        "TIME_IS_UP": ("处置时限已过，不能申请延期。", "The time is used up: no extension can be asked for."),
        "REOPEN_TOO_LATE": (
            "结案已超过 {limit} 天，不能重开，请重新上报。",
            "It was closed more than {limit} days ago and stays closed. Report it anew.",
        ),
        "NO_STAGE_AHEAD": (
            "没有后续环节，请直接反馈处置完成。",
            "There is no stage after the present one: report the incident handled.",
        ),
        "OBJECT_TOO_LATE": (
            "作出决定已超过 {limit} 天，不能提出异议，请重新上报。",
            "The decision was made more than {limit} days ago and stands. Report it anew.",
        ),
        "OBJECTED_ALREADY": ("您已提出过异议。", "Its reporter has objected before."),
        "RATED_ALREADY": ("您已评价过。", "Its reporter has rated it."),
        "RATE_TOO_LATE": ("结案已超过 {limit} 天，不能再评价。", "It was closed more than {limit} days ago."),
    }
)

REFUSED_AS: Mapping[Given, str] = {
    Given.NOT_BOUND: "DISPATCH_BINDS",
    Given.NEVER_RETURNED: "WRONG_STATE",
    Given.RETURNED_BEFORE: "WRONG_STATE",
    Given.NO_TIME_ASKED: "TIME_ASKED_ALREADY",
    Given.TIME_ASKED: "NO_TIME_ASKED",
    Given.HOLD_ASKED: "NO_TIME_ASKED",
    Given.EXTENSION_ASKED: "NO_TIME_ASKED",
    Given.NOT_EXTENDED: "EXTENDED_ALREADY",
    Given.IN_TIME: "TIME_IS_UP",
    Given.LATELY_CLOSED: "REOPEN_TOO_LATE",
    Given.NOT_RATED: "RATED_ALREADY",
    Given.TIME_TO_RATE: "RATE_TOO_LATE",
    Given.STAGE_AHEAD: "NO_STAGE_AHEAD",
    Given.LATELY_DECLINED: "OBJECT_TOO_LATE",
    Given.NOT_OBJECTED: "OBJECTED_ALREADY",
    Given.A_DUPLICATE: "WRONG_STATE",
    Given.ONCE_FILED: "WRONG_STATE",
    Given.NEVER_CHECKED: "WRONG_STATE",
    Given.NEVER_FILED: "WRONG_STATE",
    Given.ORDER_MISSED: "NOT_OVERDUE",
}
"""The reason by which a command is refused when this is not so."""

_Holds = Callable[["Standing", Limits, datetime], bool]
_HOLDS: Mapping[Given, _Holds] = {
    Given.NOT_BOUND: lambda it, limits, now: not it.bound,
    Given.NEVER_RETURNED: lambda it, limits, now: it.returns == 0,
    Given.RETURNED_BEFORE: lambda it, limits, now: it.returns > 0,
    Given.NO_TIME_ASKED: lambda it, limits, now: it.asked is None,
    Given.TIME_ASKED: lambda it, limits, now: it.asked is not None,
    Given.HOLD_ASKED: lambda it, limits, now: it.asked is not None and it.asked.kind is TimeKind.HOLD,
    Given.EXTENSION_ASKED: lambda it, limits, now: it.asked is not None and it.asked.kind is TimeKind.EXTENSION,
    Given.NOT_EXTENDED: lambda it, limits, now: not any(each.extension for each in _handling(it)),
    Given.IN_TIME: lambda it, limits, now: it.handle_by is not None and now <= it.handle_by,
    Given.LATELY_CLOSED: lambda it, limits, now: _lately_ended(it, limits, now),
    Given.NOT_RATED: lambda it, limits, now: it.satisfaction is None,
    Given.TIME_TO_RATE: lambda it, limits, now: _lately_ended(it, limits, now),
    Given.STAGE_AHEAD: lambda it, limits, now: it.course is not None and not it.course.last,
    Given.LATELY_DECLINED: lambda it, limits, now: _lately_ended(it, limits, now),
    Given.NOT_OBJECTED: lambda it, limits, now: it.intake is None or not it.intake.objected,
    Given.A_DUPLICATE: lambda it, limits, now: it.main is not None,
    Given.ONCE_FILED: lambda it, limits, now: it.on_the_way_in is None,
    Given.NEVER_CHECKED: lambda it, limits, now: it.on_the_way_in is IncidentState.REPORTED,
    Given.NEVER_FILED: lambda it, limits, now: it.on_the_way_in is IncidentState.CHECKED,
    Given.ORDER_MISSED: lambda it, limits, now: it.order is not None and it.order.late(now),
}


def is_given(given: Given, incident: Standing, limits: Limits, now: datetime) -> bool:
    """Whether it is so."""
    return _HOLDS[given](incident, limits, now)


def demand_given(step: Step, incident: Standing, limits: Limits, now: datetime) -> None:
    """Refuse with the reason of the first that is not so."""
    for given in step.given:
        if not is_given(given, incident, limits, now):
            reason, known = REFUSED_AS[given], {"limit": limits.reopen.days}
            raise failed_state(reason, **{name: known[name] for name in texts.params_of(reason)})


def demand_said(step: Step, said: Mapping[str, object]) -> None:
    """Refuse, with a violation for each, what has to be said and is not."""
    missing = [need for need in step.needs if not _is_said(said.get(need))]
    if missing:
        raise invalid(*(Violation(each, "REASON_NEEDED" if each is Need.REASON else "required") for each in missing))


def _is_said(value: object) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _lately_ended(incident: Standing, limits: Limits, now: datetime) -> bool:
    return incident.closed_at is not None and now <= incident.closed_at + limits.reopen


def _handling(incident: Standing) -> tuple[Clock, ...]:
    return tuple(each for each in incident.clocks if each.running and each.kind is ClockKind.HANDLE)
