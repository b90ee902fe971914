"""Stages of the handling, one after the other."""

from __future__ import annotations

from services.grid.domain import progressing
from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.standing import Which
from services.grid.usecases.ports import Incidents
from services.grid.usecases.watching import keep
from services.kernel.ports import UnitOfWork


def report_progress(
    uow: UnitOfWork, incidents: Incidents, which: Which, *, condition_met: bool, limits: Limits
) -> Incident:
    """Report the present stage done on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = progressing.report_progress(
        before, condition_met=condition_met, seen=which.seen, by=by, limits=limits, now=now
    )  # fmt: skip
    return keep(uow, incidents, before, after, limits)
