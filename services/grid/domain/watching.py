"""When somebody has to look at an incident, and what is found when nothing happened before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.grid.domain.clocks import ClockKind, first_to_end, of_step
from services.grid.domain.deadlines import CentreOf, Level, Limits, is_centre, lowest_centre
from services.grid.domain.incidents import Incident
from services.grid.domain.states import IncidentState

CALENDAR_AWAITED = timedelta(hours=1)
"""How long until the next look at a deadline that waits for next year's calendar."""


def next_look(incident: Incident, limits: Limits, now: datetime) -> datetime | None:
    """When somebody has to look at it again, if nothing happens before; None once it has ended.

    None for a duplicate, too: its main incident's end has it looked at at once, and has a next look of its own.

    First when most of the present step's time is used, then at its end, then when the level that was told has waited.
    Where the calendar ends before, at that end, and every hour from then on. When it is to be handled by order of a
    level above, if that is sooner; and when somebody has to be told that the grid centre has not decided what it was
    asked for.
    """
    look, order = _next_of_step(incident, limits, now), incident.order
    return min(look, order.answer_by) if look and order and not order.missed else look


def _next_of_step(incident: Incident, limits: Limits, now: datetime) -> datetime | None:
    if incident.state.ended or incident.state is IncidentState.MERGED:
        return None
    decision, step = decision_look(incident, limits, now), _step_look(incident, limits, now)
    return min(decision, step) if decision else step


def decision_look(incident: Incident, limits: Limits, now: datetime) -> datetime | None:
    """When somebody has to be told that the grid centre has not decided; None where it was asked for nothing."""
    clock = incident.decision
    if clock is None:
        return None
    return limits.next_told(clock) if clock.known else max(clock.due_at, now + CALENDAR_AWAITED)


def _step_look(incident: Incident, limits: Limits, now: datetime) -> datetime:
    deadline = incident.deadline or now
    if incident.provisional:
        return max(deadline, now + CALENDAR_AWAITED)
    soon = limits.soon(incident.clock) if incident.clock and incident.level is Level.GRID else None
    return soon if soon and now < soon < deadline else deadline


def reckoned(incident: Incident, limits: Limits, now: datetime) -> Incident:
    """With its running clocks as the calendar of today has them; itself when that moves none.

    Where nothing is late by that calendar, whoever was told of a delay was told of none.
    """
    clocks = tuple(limits.reckoned(each) if each.running and each.by_calendar else each for each in incident.clocks)
    if clocks == incident.clocks:
        return incident
    mine = of_step(clocks)
    first, handling = first_to_end(mine), first_to_end(each for each in clocks if each.kind is ClockKind.HANDLE)
    level = incident.level if any(each.late(now) for each in mine) else Level.GRID
    told = lowest_centre(incident.report.region, incident.level, limits.centre_of)
    return replace(
        incident,
        version=incident.version + 1,
        clocks=clocks,
        deadline=first.due_at if first and level is Level.GRID else incident.deadline,
        level=level,
        supervisor=told.centre if told else incident.owner,
        handle_by=handling.due_at if handling else incident.handle_by,
    )


def adopted(incident: Incident, centre_of: CentreOf) -> Incident:
    """With grid centres that are on record in place of those that are not: the lowest of the county or above.

    A coordinator that is gone is the lowest of its own level or above, or else whoever answers for the incident. What
    the centre took on itself goes with it.
    """
    region, owner, coordinator = incident.report.region, incident.owner, incident.coordinator
    if not is_centre(owner, centre_of):
        found = lowest_centre(region, Level.COUNTY, centre_of)
        owner = found.centre if found else owner
    if coordinator and not is_centre(coordinator, centre_of):
        found = lowest_centre(region, Level.at(coordinator.partition("-")[0]), centre_of)
        coordinator = found.centre if found else owner
    department = owner if incident.department and incident.department == incident.owner else incident.department
    return replace(incident, version=incident.version + 1, owner=owner, coordinator=coordinator, department=department)
