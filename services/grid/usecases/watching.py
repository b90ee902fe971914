"""Keep an incident, and have it looked at in time."""

from __future__ import annotations

from datetime import datetime

from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.watching import next_look
from services.grid.usecases.ports import Incidents
from services.kernel.ports import UnitOfWork

CLOCK = "incident-clock"
"""By what name an incident is due to be looked at; the key is its id."""


def keep(uow: UnitOfWork, incidents: Incidents, incident: Incident, limits: Limits) -> None:
    """Save a changed incident, and have it looked at when that is next needed."""
    incidents.save(incident)
    watch(uow, incident, limits, uow.now())


def watch(uow: UnitOfWork, incident: Incident, limits: Limits, now: datetime) -> None:
    """Have it looked at when that is next needed, and at no other moment."""
    at = next_look(incident, limits, now)
    if at is None:
        uow.cancel_due(CLOCK, str(incident.id))
    else:
        uow.set_due(CLOCK, str(incident.id), at)
