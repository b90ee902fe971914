"""What people do: each action is the use case that the RPC of that name calls, on behalf of whoever may.

An action that finds nothing to do, such as a dispatch of what a rule has sent, leaves the incident as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from deploy.local.replaying.mapping import Mapped
from services.chassis.call import SYSTEM
from services.grid import usecases
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.domain.reports import Report, Source
from services.grid.domain.standing import Which
from services.grid.domain.states import ClosingOutcome, IncidentState, ReturnReason
from services.kernel.ports import Caller
from services.kernel.regions import Region
from tests.replay import waiting
from tests.replay.city import Desk
from tests.replay.steps import Action

CITIZENS = replace(SYSTEM, client_id="rizhao-ssp")
CITY = "3711"
FIRST_CHOICE, SECOND_CHOICE = "HBJ", "ZJJ"
"""Whom the seat names where the rules do not say: the first, or when that returned it, the second."""
BY_REPORTER = frozenset({Action.FILE, Action.REPORT, Action.OBJECT, Action.REOPEN})
BY_DEPARTMENT = frozenset(
    {Action.ACCEPT, Action.RETURN, Action.PROGRESS, Action.HANDLE, Action.ASK_HOLD, Action.ASK_EXTENSION,
     Action.RESUME, Action.SEND_OUTSIDE, Action.OUTSIDE_DONE, Action.OUTSIDE_FAILED}
)  # fmt: skip


class Said(NamedTuple):
    """What is said with an action: the main incident of a duplicate, or until when."""

    main: UUID | None
    until: datetime | None


def speaker(incident: Incident, action: Action) -> Caller:
    """Who takes this action: whoever reported it, or somebody of the department in charge or of the grid centre."""
    if action in BY_REPORTER:
        return CITIZENS
    department = incident.department if action in BY_DEPARTMENT else incident.owner
    if action is Action.DECIDE:
        department = incident.coordinator
    return replace(SYSTEM, client_id="rizhao-office", department=department)


def file(desk: Desk, mapped: Mapped, action: Action) -> Incident:
    """The citizen app files a row, or hands on what the hotline heard."""
    row, type = mapped.row, mapped.type
    report = Report(
        type=TypeKey(type.standard, IncidentKind(type.kind), type.code),
        region=mapped.village,
        description=": ".join(each for each in (row.nature, row.detail) if each),
        address=row.block,
        reference=row.key,
        source=Source.HOTLINE if action is Action.REPORT else Source.UNSAID,
    )
    return usecases.file_incident(
        desk.uow, desk.incidents, desk.reference, report, Region(mapped.village), CITY, desk.limits, desk.dispatching
    )


def _dispatch(desk: Desk, before: Incident, said: Said) -> Incident:
    """The seat sends it where the rules say. What they leave open, or send back, it decides."""
    if before.state is not IncidentState.FILED:
        return before
    planned = desk.planned(before)
    if planned.department:
        return _sent(desk, before, "")
    return _sent(desk, before, planned.suggestion or _choice(before))


def _choice(before: Incident) -> str:
    suffix = SECOND_CHOICE if before.returned_by.endswith(f"-{FIRST_CHOICE}") else FIRST_CHOICE
    return f"{before.report.county}-{suffix}"


def _decide(desk: Desk, before: Incident, said: Said) -> Incident:
    """The coordinator names the department that had it first, whatever it said."""
    return _sent(desk, before, desk.dispatching.kept(before.id)[-1].decision.department)


def _sent(desk: Desk, before: Incident, named: str) -> Incident:
    return usecases.dispatch_incident(
        desk.uow,
        desk.incidents,
        desk.reference,
        which(before),
        named=named,
        limits=desk.limits,
        dispatching=desk.dispatching,
    )


def _verify(desk: Desk, before: Incident, passed: bool) -> Incident:
    return usecases.verify_incident(
        desk.uow,
        desk.incidents,
        desk.reference,
        which(before),
        passed=passed,
        limits=desk.limits,
    )


def _close(desk: Desk, before: Incident, outcome: ClosingOutcome, reason: str = "") -> Incident:
    return usecases.close_incident(
        desk.uow,
        desk.incidents,
        which(before),
        outcome=outcome,
        reason=reason,
        limits=desk.limits,
    )


def _reopen(desk: Desk, before: Incident, said: Said) -> Incident:
    return usecases.reopen_incident(desk.uow, desk.incidents, which(before), limits=desk.limits, rules=desk.rules)


def _merge(desk: Desk, before: Incident, said: Said) -> Incident:
    assert said.main is not None
    return usecases.merge_incident(desk.uow, desk.incidents, which(before), said.main, desk.limits)


def _accept(desk: Desk, before: Incident, said: Said) -> Incident:
    return usecases.accept_incident(desk.uow, desk.incidents, which(before), limits=desk.limits)


def _progress(desk: Desk, before: Incident, said: Said) -> Incident:
    if before.course is None or before.course.last:
        return before
    return usecases.report_progress(desk.uow, desk.incidents, which(before), condition_met=True, limits=desk.limits)


def _handle(desk: Desk, before: Incident, said: Said) -> Incident:
    return usecases.report_handled(
        desk.uow,
        desk.incidents,
        desk.reference,
        which(before),
        limits=desk.limits,
    )


def _return(desk: Desk, before: Incident, said: Said) -> Incident:
    return usecases.return_incident(
        desk.uow,
        desk.incidents,
        which(before),
        reason=ReturnReason.NOT_OUR_DUTY,
        limits=desk.limits,
        rules=desk.rules,
    )


def _check(desk: Desk, before: Incident, found: bool) -> Incident:
    remark = "" if found else "现场无此情况"
    return usecases.check_report(
        desk.uow, desk.incidents, which(before), found=found, remark=remark, proofs=(), limits=desk.limits
    )


def _file_checked(desk: Desk, before: Incident, said: Said) -> Incident:
    return usecases.file_report(desk.uow, desk.incidents, which(before), desk.limits, desk.rules)


def _decline(desk: Desk, before: Incident, said: Said) -> Incident:
    return usecases.decline_report(desk.uow, desk.incidents, which(before), "现场无此情况", desk.limits)


def _object(desk: Desk, before: Incident, said: Said) -> Incident:
    return usecases.object_to_decision(desk.uow, desk.incidents, which(before), desk.limits)


def which(incident: Incident) -> Which:
    """The incident as whoever acts has just seen it."""
    return Which(incident.id, incident.report.county, incident.version)


TAKEN: dict[Action, Callable[[Desk, Incident, Said], Incident]] = {
    Action.CONFIRM: lambda desk, before, said: _check(desk, before, True),
    Action.DENY: lambda desk, before, said: _check(desk, before, False),
    Action.FILE_CHECKED: _file_checked,
    Action.DECLINE: _decline,
    Action.OBJECT: _object,
    Action.DISPATCH: _dispatch,
    Action.RETURN: _return,
    Action.DECIDE: _decide,
    Action.ACCEPT: _accept,
    Action.PROGRESS: _progress,
    Action.ASK_HOLD: lambda desk, before, said: waiting.ask_hold(desk, which(before), said.until),
    Action.ASK_EXTENSION: lambda desk, before, said: waiting.ask_extension(desk, before, which(before)),
    Action.GRANT: lambda desk, before, said: waiting.decide(desk, before, which(before), granted=True),
    Action.GRANT_ONE: lambda desk, before, said: waiting.decide(desk, before, which(before), granted=True, units=1),
    Action.REFUSE: lambda desk, before, said: waiting.decide(desk, before, which(before), granted=False),
    Action.RESUME: lambda desk, before, said: waiting.resume(desk, which(before)),
    Action.END_HOLD: lambda desk, before, said: waiting.end_hold(desk, which(before)),
    Action.SEND_OUTSIDE: lambda desk, before, said: waiting.send_outside(desk, which(before), said.until),
    Action.OUTSIDE_DONE: lambda desk, before, said: waiting.answer(desk, which(before), done=True),
    Action.OUTSIDE_FAILED: lambda desk, before, said: waiting.answer(desk, which(before), done=False),
    Action.HANDLE: _handle,
    Action.REWORK: lambda desk, before, said: _verify(desk, before, False),
    Action.PASS: lambda desk, before, said: _verify(desk, before, True),
    Action.CLOSE: lambda desk, before, said: _close(desk, before, ClosingOutcome.HANDLED),
    Action.REOPEN: _reopen,
    Action.MERGE: _merge,
    Action.DISMISS: lambda desk, before, said: _close(desk, before, ClosingOutcome.DUPLICATE, "重复上报"),
}
"""What an action does to an incident."""
