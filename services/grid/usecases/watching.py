"""Keep an incident, have it looked at in time, and tell what happened to it."""

from __future__ import annotations

from datetime import datetime

from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.watching import next_look
from services.grid.usecases.ports import Incidents
from services.grid.wire.telling import event_of
from services.kernel.ports import UnitOfWork

CLOCK = "incident-clock"
"""By what name an incident is due to be looked at; the key is its id."""


def keep(
    uow: UnitOfWork,
    incidents: Incidents,
    before: Incident,
    incident: Incident,
    limits: Limits,
    at: datetime | None = None,
) -> Incident:
    """Save what a step led to, have it looked at when that is next needed, and tell the step's event.

    When it has ended, or goes on again, its duplicates are looked at at once. `at`: when the step was taken, None: now.
    """
    now = at or uow.now()
    incidents.save(incident)
    watch(uow, incident, limits, now)
    if incident.state.ended != before.state.ended:
        find = incidents.duplicates_of if incident.state.ended else incidents.closed_duplicates_of
        for duplicate in find(incident.id):
            uow.set_due(CLOCK, str(duplicate), now)
    uow.record(event_of(before, incident, now))
    return incident


def watch(uow: UnitOfWork, incident: Incident, limits: Limits, now: datetime) -> None:
    """Have it looked at when that is next needed, and at no other moment."""
    at = next_look(incident, limits, now)
    if at is None:
        uow.cancel_due(CLOCK, str(incident.id))
    else:
        uow.set_due(CLOCK, str(incident.id), at)
