"""From the report to the close: load, ask the domain, save, record the fact."""

from __future__ import annotations

from collections.abc import Sequence

from services.grid.domain.deadlines import Limits
from services.grid.domain.evidence import Proof
from services.grid.domain.incidents import Incident
from services.grid.domain.inspections import ClosedInspection, OpenedInspection
from services.grid.domain.reports import Report, check_report
from services.grid.domain.standing import Which
from services.grid.domain.states import ClosingOutcome, ReturnReason
from services.grid.usecases.dispatching import Dispatching, Rules, try_rules
from services.grid.usecases.ports import EVERYWHERE, Incidents, Reference
from services.grid.usecases.watching import keep, watch
from services.grid.wire import intake
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.kernel.ports import UnitOfWork
from services.kernel.regions import Region


def file_incident(
    uow: UnitOfWork,
    incidents: Incidents,
    reference: Reference,
    report: Report,
    region: Region | None,
    bound: str,
    limits: Limits,
    dispatching: Dispatching | None = None,
) -> Incident:
    """File a report, or have it checked first, and open its case.

    `region` is what identity knows of `report.region`, None: nothing. `dispatching` None: no rule is asked.
    """
    now = uow.now()
    centre = reference.centre_of(report.county)
    in_force = reference.type_in_force(report.type, now)
    unfit = report.source.broken_by(uow.caller)
    check_report(
        report, type_in_force=in_force, region=region, centre=centre, bound=bound, now=now, unfit_source=unfit
    )  # fmt: skip
    incident = Incident.file(
        report,
        id=uuid7(),
        case_number=uow.open_case(report.region),
        reporter=Party(*uow.caller.party),
        centre=centre or "",
        limits=limits,
        now=now,
    )
    incidents.add(incident)
    watch(uow, incident, limits, now)
    try_rules(uow, Rules(dispatching, reference) if dispatching else None, incident, limits, now)
    uow.record(intake.begun(incident, now))
    return incident


def accept_incident(uow: UnitOfWork, incidents: Incidents, which: Which, limits: Limits) -> Incident:
    """Accept it on behalf of the caller's department."""
    before, by = incidents.load(which.id, which.bound), uow.caller.department
    incident = before.accept(seen=which.seen, by=by, limits=limits, now=uow.now())
    return keep(uow, incidents, before, incident, limits)


def return_incident(
    uow: UnitOfWork,
    incidents: Incidents,
    which: Which,
    *,
    reason: ReturnReason,
    limits: Limits,
    rules: Rules | None = None,
) -> Incident:
    """Return it to the grid centre on behalf of the caller's department. `rules` None: they are not asked anew."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    returned = before.give_back(reason, seen=which.seen, by=by, limits=limits, now=now)
    incident = keep(uow, incidents, before, returned, limits)
    try_rules(uow, rules, incident, limits, now)
    return incident


def report_handled(
    uow: UnitOfWork,
    incidents: Incidents,
    reference: Reference,
    which: Which,
    *,
    limits: Limits,
    proofs: Sequence[Proof] = (),
) -> Incident:
    """Report it handled on behalf of the caller's department, with what its type demands as evidence."""
    before, by = incidents.load(which.id, which.bound), uow.caller.department
    demanded = reference.evidence_for(before.report.type, before.filed_at)
    incident = before.handle(seen=which.seen, by=by, limits=limits, now=uow.now(), proofs=proofs, demanded=demanded)
    return keep(uow, incidents, before, incident, limits)


def verify_incident(
    uow: UnitOfWork,
    incidents: Incidents,
    reference: Reference,
    which: Which,
    *,
    passed: bool,
    limits: Limits,
    proofs: Sequence[Proof] = (),
) -> Incident:
    """Say on behalf of the caller's department whether it is handled."""
    before, by = incidents.load(which.id, which.bound), uow.caller.department
    demanded = reference.evidence_for(before.report.type, before.filed_at)
    incident = before.verify(
        passed=passed, seen=which.seen, by=by, limits=limits, now=uow.now(), proofs=proofs, demanded=demanded
    )
    return keep(uow, incidents, before, incident, limits)


def close_incident(
    uow: UnitOfWork,
    incidents: Incidents,
    which: Which,
    *,
    outcome: ClosingOutcome,
    reason: str,
    limits: Limits,
    reply: str = "",
) -> Incident:
    """Close it on behalf of the caller's department."""
    before, by = incidents.load(which.id, which.bound), uow.caller.department
    incident = before.close(outcome, seen=which.seen, by=by, limits=limits, now=uow.now(), reason=reason, reply=reply)
    return keep(uow, incidents, before, incident, limits)


def reopen_incident(
    uow: UnitOfWork, incidents: Incidents, which: Which, *, limits: Limits, rules: Rules | None = None
) -> Incident:
    """Reopen what the caller reported, and its case. `rules` None: they are not asked anew."""
    before, by, now = incidents.load(which.id, which.bound), Party(*uow.caller.party), uow.now()
    reopened = before.reopen(seen=which.seen, by=by, limits=limits, now=now)
    incident = keep(uow, incidents, before, reopened, limits)
    try_rules(uow, rules, incident, limits, now)
    return incident


def begin_inspection(uow: UnitOfWork, incidents: Incidents, opened: OpenedInspection | None, limits: Limits) -> None:
    """An inspection was opened: it accepts the incident that caused it. None: no incident did."""
    if opened is None:
        return
    before = incidents.load(opened.incident_id, EVERYWHERE)
    incident = before.inspect(opened.id, seen=before.version, by=opened.department, limits=limits, now=uow.now())
    keep(uow, incidents, before, incident, limits)


def end_inspection(uow: UnitOfWork, incidents: Incidents, closed: ClosedInspection | None, limits: Limits) -> None:
    """An inspection ended: it reports the incident that caused it as handled. None: no incident did."""
    if closed is None:
        return
    before, by, now = incidents.load(closed.incident_id, EVERYWHERE), closed.department, uow.now()
    incident = before.conclude(closed.id, closed.outcome, seen=before.version, by=by, limits=limits, now=now)
    keep(uow, incidents, before, incident, limits)
