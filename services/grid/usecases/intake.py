"""The way in: a report by the public is checked on site, then filed or declined; whoever reported it may object."""

from __future__ import annotations

from collections.abc import Sequence

from services.grid.domain import intake
from services.grid.domain.deadlines import Limits
from services.grid.domain.evidence import Proof
from services.grid.domain.incidents import Incident
from services.grid.domain.standing import Which
from services.grid.usecases.dispatching import Rules, try_rules
from services.grid.usecases.ports import Incidents
from services.grid.usecases.watching import keep
from services.kernel.parties import Party
from services.kernel.ports import UnitOfWork


def check_report(
    uow: UnitOfWork,
    incidents: Incidents,
    which: Which,
    *,
    found: bool,
    remark: str,
    proofs: Sequence[Proof],
    limits: Limits,
) -> Incident:
    """Say on behalf of the caller's department what was found on site."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = intake.check(
        before, found=found, remark=remark, proofs=proofs, seen=which.seen, by=by, limits=limits, now=now
    )
    return keep(uow, incidents, before, after, limits)


def file_report(
    uow: UnitOfWork, incidents: Incidents, which: Which, limits: Limits, rules: Rules | None = None
) -> Incident:
    """File it on behalf of the caller's department. `rules` None: none is asked."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = keep(uow, incidents, before, intake.file(before, seen=which.seen, by=by, limits=limits, now=now), limits)
    try_rules(uow, rules, after, limits, now)
    return after


def decline_report(uow: UnitOfWork, incidents: Incidents, which: Which, reason: str, limits: Limits) -> Incident:
    """Do not accept it, or do not file it, on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = intake.decline(before, reason, seen=which.seen, by=by, limits=limits, now=now)
    return keep(uow, incidents, before, after, limits)


def object_to_decision(uow: UnitOfWork, incidents: Incidents, which: Which, limits: Limits) -> Incident:
    """Object to what became of the caller's report."""
    before, by, now = incidents.load(which.id, which.bound), Party(*uow.caller.party), uow.now()
    after = intake.object_to(before, seen=which.seen, by=by, limits=limits, now=now)
    return keep(uow, incidents, before, after, limits)
