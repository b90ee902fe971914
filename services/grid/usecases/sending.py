"""An incident goes to a department: the one that is named, or that the rules give; and it is kept why."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.grid.domain.catalogue import Urgency, timed
from services.grid.domain.courses import Course, course_of, only_urgency
from services.grid.domain.deadlines import Limits
from services.grid.domain.decisions import Source
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import DispatchRule
from services.grid.domain.standing import BY_NO_RULE, Ruled, Which
from services.grid.domain.states import Command, IncidentState, Who
from services.grid.usecases.dispatching import Dispatching, case_of, chosen, leave_open, plan
from services.grid.usecases.ports import EVERYWHERE, Incidents, Reference
from services.grid.usecases.watching import keep
from services.kernel.ports import UnitOfWork


def dispatch_incident(
    uow: UnitOfWork,
    incidents: Incidents,
    reference: Reference,
    which: Which,
    *,
    named: str,
    limits: Limits,
    dispatching: Dispatching,
    urgency: Urgency | None = None,
) -> Incident:
    """Dispatch to the department named, or as the rules say when `named` is empty; keep why.

    Where nobody says how urgent it is, the rule does that decides, or the catalogue with the only one that it knows.
    The routing rules are those of now; the catalogue's, with their limits, are those that it was filed under.
    Raises what `Incident.dispatch` does, and Refusal RULES_TIE, RULE_TIME_UNKNOWN, RULE_RETURNED,
    CATALOGUE_RETURNED, RULE_DEPARTMENT_UNKNOWN.
    """
    before, by = incidents.load(which.id, which.bound), uow.caller.department
    return _dispatched(
        uow,
        incidents,
        reference,
        dispatching,
        before,
        by=by,
        seen=which.seen,
        named=named,
        limits=limits,
        urgency=urgency,
    )


def dispatch_by_itself(
    uow: UnitOfWork,
    incidents: Incidents,
    reference: Reference,
    dispatching: Dispatching,
    incident_id: UUID,
    limits: Limits,
) -> None:
    """Dispatch what was just filed, where a rule decides that sends it without anybody asking; else it stays filed.

    Where the rules leave it to a person, that is kept.
    """
    before, now = incidents.load(incident_id, EVERYWHERE), uow.now()
    if before.state is not IncidentState.FILED:
        return
    fallback = reference.rules_for(before.report.region, before.filed_at)
    _, [decision] = plan(dispatching, [(case_of(before), fallback)], limits, now)
    if before.just_filed and dispatching.routing(now)[1].dispatches(decision):
        _dispatched(
            uow, incidents, reference, dispatching, before, by=Who.TIMER, seen=before.version, named="", limits=limits
        )
    else:
        leave_open(uow, dispatching, before, decision, now)


def _dispatched(
    uow: UnitOfWork,
    incidents: Incidents,
    reference: Reference,
    dispatching: Dispatching,
    before: Incident,
    *,
    by: str | None,
    seen: int,
    named: str,
    limits: Limits,
    urgency: Urgency | None = None,
) -> Incident:
    now, key = uow.now(), before.report.type
    stages = reference.stages_for(key, before.filed_at)
    rules = reference.rules_for(before.report.region, before.filed_at)
    only = only_urgency(key, stages)
    # Once it was said to be urgent it stays so until somebody says otherwise.
    urgency = urgency or (before.urgency if before.urgency is not Urgency.NORMAL else None)
    # What may not be done at all is refused before departments are counted, for which others wait.
    before.led(Command.DISPATCH, seen=seen, by=by, limits=limits, now=now, department=named)
    expected = course_of(key, urgency or only or Urgency.NORMAL, stages)
    routing, decision = chosen(dispatching, before, named, _timed(rules, expected), limits, now)
    decision = decision.hastened(urgency, only)
    course = course_of(key, decision.urgency, stages)
    by_rule = decision.source is Source.RULE
    to, reason = (decision.department, decision.text_zh) if by_rule else (named, "")
    ruled = Ruled(decision.rules[0], routing) if by_rule else BY_NO_RULE
    incident = before.dispatch(
        seen=seen, by=by, rules=_timed(rules, course), named=to, limits=limits, now=now, reason=reason, course=course,
        ruled=ruled, urgency=decision.urgency,
    )  # fmt: skip
    dispatching.keep(incident, routing, decision)
    return keep(uow, incidents, before, incident, limits)


def _timed(rules: Sequence[DispatchRule], course: Course | None) -> Sequence[DispatchRule]:
    return timed(rules, course.present.limit if course else None)
