"""What is sent to an outside body, and what it answers."""

from __future__ import annotations

from services.grid.domain import outside
from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.requests import OutsideRequest
from services.grid.domain.standing import Which
from services.grid.domain.states import OutsideAnswer
from services.grid.usecases.ports import Incidents
from services.grid.usecases.watching import keep
from services.kernel.ports import UnitOfWork


def send_outside(
    uow: UnitOfWork, incidents: Incidents, which: Which, request: OutsideRequest, limits: Limits
) -> Incident:
    """Send it there on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    return keep(
        uow, incidents, before, outside.send(before, request, seen=which.seen, by=by, limits=limits, now=now), limits
    )


def record_outside_answer(
    uow: UnitOfWork, incidents: Incidents, which: Which, said: OutsideAnswer | None, reason: str, limits: Limits
) -> Incident:
    """Write down what it answered, on behalf of the caller's department."""
    before, by, now = incidents.load(which.id, which.bound), uow.caller.department, uow.now()
    after = outside.answer(before, said, reason, seen=which.seen, by=by, limits=limits, now=now)
    return keep(uow, incidents, before, after, limits)
