"""A department's own system takes its work, and says under which number it keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.numbers import demand_replaceable
from services.grid.usecases.ports import Incidents
from services.grid.usecases.watching import keep
from services.kernel.errors import denied
from services.kernel.ports import UnitOfWork


class Waiting(Protocol):
    """Where what waits is found."""

    def next_dispatched(self, department: str, bound: str) -> Incident | None:
        """The most urgent that a department has to accept, locked until the end; None when there is none to be had."""


class Numbers(Protocol):
    """Where departments' numbers are kept."""

    def kept(self, incident_id: UUID, department: str) -> str:
        """A department's number for an incident; empty: it has none."""

    def give(self, incident_id: UUID, department: str, number: str, at: datetime) -> None:
        """Keep a number in place of the one there was; Refusal DEPARTMENT_NUMBER_TAKEN when it is another one's."""


def take_next(
    uow: UnitOfWork,
    waiting: Waiting,
    incidents: Incidents,
    numbers: Numbers,
    bound: str,
    *,
    number: str,
    limits: Limits,
) -> Incident | None:
    """Accept what is most urgent for the caller's department; None when nothing waits."""
    by = uow.caller.department
    if not by:
        raise denied("NOT_THE_HOLDER")
    before = waiting.next_dispatched(by, bound)
    if before is None:
        return None
    incident = before.accept(seen=before.version, by=by, limits=limits, now=uow.now())
    keep(uow, incidents, before, incident, limits)
    set_number(uow, numbers, incident, number)
    return incident


def set_number(uow: UnitOfWork, numbers: Numbers, incident: Incident, number: str, replaces: str = "") -> None:
    """Keep the number that the caller's department has for an incident; an empty one changes nothing.

    Raises Refusal NOT_THE_HOLDER for another department than the one in charge, DEPARTMENT_NUMBER_SET and
    DEPARTMENT_NUMBER_TAKEN.
    """
    if not number:
        return
    by = uow.caller.department
    if not by or by != incident.department:
        raise denied("NOT_THE_HOLDER")
    kept = numbers.kept(incident.id, by)
    if kept == number:
        return
    demand_replaceable(kept, replaces)
    numbers.give(incident.id, by, number, uow.now())
