"""What people do: each action is the use case that the RPC of that name calls, on behalf of whoever may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from deploy.local.replaying.mapping import Mapped
from services.chassis.call import SYSTEM
from services.grid import usecases
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import IncidentKind, TypeKey, rule_for
from services.grid.domain.reports import Report, Source
from services.grid.domain.standing import Which
from services.grid.domain.states import ClosingOutcome, ReturnReason
from services.kernel.ports import Caller
from services.kernel.regions import Region
from tests.replay.city import Desk
from tests.replay.fate import Action

CITIZENS = replace(SYSTEM, client_id="rizhao-ssp")
CITY = "3711"
FIRST_CHOICE, SECOND_CHOICE = "HBJ", "ZJJ"
"""To whom the seat dispatches what was returned: to the first, or when that returned it, to the second."""
BY_DEPARTMENT = frozenset({Action.ACCEPT, Action.RETURN, Action.HANDLE})


def speaker(incident: Incident, action: Action) -> Caller:
    """Who takes this action: somebody of the department in charge, or of the grid centre."""
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
        desk.uow, desk.incidents, desk.reference, report, Region(mapped.village), CITY, desk.limits
    )


def _dispatch(desk: Desk, before: Incident, named: str) -> Incident:
    return usecases.dispatch_incident(
        desk.uow,
        desk.incidents,
        desk.reference,
        which(before),
        named=named,
        limits=desk.limits,
        dispatching=desk.dispatching,
    )


def _anew(before: Incident) -> str:
    """Whom the seat names for what was returned."""
    county, _, suffix = before.returned_by.partition("-")
    return f"{county}-{SECOND_CHOICE if suffix == FIRST_CHOICE else FIRST_CHOICE}"


def _decided(desk: Desk, before: Incident) -> str:
    """The coordinator names the department that the rules give, whatever it said."""
    report = before.report
    rule = rule_for(report.type, report.region, desk.reference.rules_for(report.region, before.filed_at))
    assert rule is not None, "it was dispatched by a rule"
    return rule.department_in(report.region)


def _verify(desk: Desk, before: Incident, passed: bool) -> Incident:
    return usecases.verify_incident(
        desk.uow, desk.incidents, desk.reference, which(before), passed=passed, limits=desk.limits
    )


def _close(desk: Desk, before: Incident, outcome: ClosingOutcome, reason: str = "") -> Incident:
    return usecases.close_incident(
        desk.uow, desk.incidents, which(before), outcome=outcome, reason=reason, limits=desk.limits
    )


def _merge(desk: Desk, before: Incident, main: UUID | None) -> Incident:
    assert main is not None
    return usecases.merge_incident(desk.uow, desk.incidents, which(before), main, desk.limits)


def which(incident: Incident) -> Which:
    """What a command of somebody in its county names, who sees it as it is."""
    return Which(incident.id, incident.report.county, incident.version)


def _accept(desk: Desk, before: Incident) -> Incident:
    return usecases.accept_incident(desk.uow, desk.incidents, which(before), limits=desk.limits)


def _handle(desk: Desk, before: Incident) -> Incident:
    return usecases.report_handled(desk.uow, desk.incidents, desk.reference, which(before), limits=desk.limits)


def _return(desk: Desk, before: Incident) -> Incident:
    return usecases.return_incident(
        desk.uow, desk.incidents, which(before), reason=ReturnReason.NOT_OUR_DUTY, limits=desk.limits
    )


def _check(desk: Desk, before: Incident, found: bool) -> Incident:
    remark = "" if found else "现场无此情况"
    return usecases.check_report(
        desk.uow, desk.incidents, which(before), found=found, remark=remark, proofs=(), limits=desk.limits
    )


def _decided_on(desk: Desk, before: Incident, filed: bool) -> Incident:
    if filed:
        return usecases.file_report(desk.uow, desk.incidents, which(before), desk.limits)
    return usecases.decline_report(desk.uow, desk.incidents, which(before), "现场无此情况", desk.limits)


TAKEN: dict[Action, Callable[[Desk, Incident, UUID | None], Incident]] = {
    Action.CONFIRM: lambda desk, before, main: _check(desk, before, True),
    Action.DENY: lambda desk, before, main: _check(desk, before, False),
    Action.FILE_CHECKED: lambda desk, before, main: _decided_on(desk, before, True),
    Action.DECLINE: lambda desk, before, main: _decided_on(desk, before, False),
    Action.DISPATCH: lambda desk, before, main: _dispatch(desk, before, ""),
    Action.RETURN: lambda desk, before, main: _return(desk, before),
    Action.DISPATCH_ANEW: lambda desk, before, main: _dispatch(desk, before, _anew(before)),
    Action.DECIDE: lambda desk, before, main: _dispatch(desk, before, _decided(desk, before)),
    Action.ACCEPT: lambda desk, before, main: _accept(desk, before),
    Action.HANDLE: lambda desk, before, main: _handle(desk, before),
    Action.REWORK: lambda desk, before, main: _verify(desk, before, False),
    Action.PASS: lambda desk, before, main: _verify(desk, before, True),
    Action.CLOSE: lambda desk, before, main: _close(desk, before, ClosingOutcome.HANDLED),
    Action.MERGE: _merge,
    Action.DISMISS: lambda desk, before, main: _close(desk, before, ClosingOutcome.DUPLICATE, "重复上报"),
}
"""What an action does to an incident; the id is that of the main one, where there is one."""
