"""What is not the plain way of an incident: more time, duplicates, mistakes, and what its reporter thinks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.grid.domain import ending, holding, merging, supervising
from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.standing import Which
from services.grid.domain.states import Satisfaction
from services.grid.usecases.dispatching import Rules, try_rules
from services.grid.usecases.ports import Incidents
from services.grid.usecases.watching import keep
from services.kernel.parties import Party
from services.kernel.ports import UnitOfWork


def ask_hold(
    uow: UnitOfWork, incidents: Incidents, which: Which, reason: str, review_at: datetime, limits: Limits
) -> Incident:
    """Ask for a hold on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = holding.ask_hold(before, reason, review_at, seen=which.seen, by=by, limits=limits, now=now)
    return keep(uow, incidents, before, after, limits)


def ask_extension(
    uow: UnitOfWork, incidents: Incidents, which: Which, reason: str, units: int, limits: Limits
) -> Incident:
    """Ask for more time on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = holding.ask_extension(before, reason, units, seen=which.seen, by=by, limits=limits, now=now)
    return keep(uow, incidents, before, after, limits)


def decide_time(
    uow: UnitOfWork,
    incidents: Incidents,
    which: Which,
    *,
    granted: bool,
    reason: str,
    review_at: datetime | None,
    units: int,
    limits: Limits,
) -> Incident:
    """Grant or refuse what was asked for, on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    if granted:
        after = holding.grant_time(
            before, review_at=review_at, units=units, seen=which.seen, by=by, limits=limits, now=now
        )
    else:
        after = holding.refuse_time(
            before, reason, review_at=review_at, units=units, seen=which.seen, by=by, limits=limits, now=now
        )
    return keep(uow, incidents, before, after, limits)


def resume_incident(uow: UnitOfWork, incidents: Incidents, which: Which, limits: Limits) -> Incident:
    """End a hold on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    return keep(uow, incidents, before, holding.resume(before, seen=which.seen, by=by, limits=limits, now=now), limits)


def end_hold(uow: UnitOfWork, incidents: Incidents, which: Which, reason: str, limits: Limits) -> Incident:
    """End a hold on behalf of the caller's department, which is the grid centre."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = holding.end_hold(before, reason, seen=which.seen, by=by, limits=limits, now=now)
    return keep(uow, incidents, before, after, limits)


def supervise_incident(
    uow: UnitOfWork, incidents: Incidents, which: Which, reason: str, answer_by: datetime, limits: Limits
) -> Incident:
    """Order that it is handled by a day, on behalf of the caller's department, which is a grid centre."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = supervising.supervise(before, reason, answer_by, seen=which.seen, by=by, limits=limits, now=now)
    return keep(uow, incidents, before, after, limits)


def merge_incident(uow: UnitOfWork, incidents: Incidents, which: Which, main_id: UUID, limits: Limits) -> Incident:
    """Merge it into a main incident on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    main = incidents.load_main(main_id, which.bound)
    after = merging.merge(before, main, seen=which.seen, by=by, limits=limits, now=now)
    return keep(uow, incidents, before, after, limits)


def split_incident(
    uow: UnitOfWork, incidents: Incidents, which: Which, limits: Limits, rules: Rules | None = None
) -> Incident:
    """Split it off on behalf of the caller's department. `rules` None: they are not asked anew."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = merging.split(before, seen=which.seen, by=by, limits=limits, now=now)
    try_rules(uow, rules, keep(uow, incidents, before, after, limits), limits, now)
    return after


def void_incident(
    uow: UnitOfWork, incidents: Incidents, which: Which, reason: str, limits: Limits, reply: str = ""
) -> Incident:
    """Void it on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = ending.void(before, reason, seen=which.seen, by=by, limits=limits, now=now, reply=reply)
    return keep(uow, incidents, before, after, limits)


def rate_incident(
    uow: UnitOfWork, incidents: Incidents, which: Which, satisfaction: Satisfaction, limits: Limits
) -> Incident:
    """Say what the caller thinks of the outcome of what they reported."""
    before, by, now = incidents.load(which.id, which.bound), Party(*uow.caller.party), uow.now()
    after = ending.rate(before, satisfaction, seen=which.seen, by=by, limits=limits, now=now)
    return keep(uow, incidents, before, after, limits)
