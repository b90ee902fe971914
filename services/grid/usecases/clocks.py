"""What time does to incidents: somebody is warned or told, and what nobody would look at is found."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.grid.domain.deadlines import Limits
from services.grid.domain.holding import chase, resume
from services.grid.domain.incidents import Incident
from services.grid.domain.merging import follow, rejoin
from services.grid.domain.states import IncidentState, Who
from services.grid.domain.supervising import remind
from services.grid.domain.watching import adopted, decision_look, next_look, reckoned
from services.grid.usecases.dispatching import DISPATCH
from services.grid.usecases.ports import EVERYWHERE, Incidents, Reference
from services.grid.usecases.watching import CLOCK, keep, watch
from services.grid.wire import events
from services.grid.wire.telling import CALENDAR, CENTRE_FOUND, event_of
from services.kernel.ids import uuid7
from services.kernel.ports import UnitOfWork

__all__ = ["CLOCK", "Finding", "check_clock", "left_unheld", "repair_next"]


class Finding(StrEnum):
    """What a look at an incident found whose moment had come."""

    NOTHING = "NOTHING"
    SOON = "SOON"
    OVERDUE = "OVERDUE"
    MOVED = "MOVED"
    """The calendar changed meanwhile."""
    RESUMED = "RESUMED"
    """A hold was over."""
    ORDER_MISSED = "ORDER_MISSED"
    """It was to be handled by now by order of a level above."""
    FOLLOWED = "FOLLOWED"
    """The main incident of a duplicate has ended, or goes on again."""
    UNDECIDED = "UNDECIDED"
    """The grid centre has not granted or refused what it was asked for, and its time runs out or is used up."""
    CALENDAR_ENDS = "CALENDAR_ENDS"
    """Its end is not known before the next year's calendar is loaded."""


def check_clock(uow: UnitOfWork, incidents: Incidents, limits: Limits, incident_id: UUID, at: datetime) -> Finding:
    """The moment `at` has come at which an incident is to be looked at: somebody is warned or told, or time moves on.

    Refusal INCIDENT_NOT_FOUND when there is none any more.
    """
    before, now = incidents.load(incident_id, EVERYWHERE), max(uow.now(), at)
    if before.order and before.order.late(now):
        keep(uow, incidents, before, remind(before, limits=limits, now=now), limits, now)
        return Finding.ORDER_MISSED
    match before.state:
        case IncidentState.CLOSED | IncidentState.VOIDED | IncidentState.DECLINED:
            return _look_at_end(uow, incidents, limits, before, now)
        case IncidentState.MERGED:
            return _look_at_duplicate(uow, incidents, limits, before, now)
        case IncidentState.ON_HOLD:
            return _look_at_hold(uow, incidents, limits, before, now)
        case _:
            return _look_at_clock(uow, incidents, limits, before, at, now)


def _look_at_clock(
    uow: UnitOfWork, incidents: Incidents, limits: Limits, before: Incident, at: datetime, now: datetime
) -> Finding:
    incident = reckoned(before, limits, now)
    finding = Finding.NOTHING
    if incident is not before:
        finding = Finding.MOVED
        incidents.save(incident)
        uow.record(events.deadline_moved(before, incident, CALENDAR, now))
    elif (decision := decision_look(incident, limits, now)) and decision <= now:
        finding, incident = Finding.UNDECIDED, chase(incident, limits=limits, now=now)
        _tell(uow, incidents, before, incident, now)
        _warn(uow, incident, limits, at, now)
    elif incident.provisional:
        finding = Finding.CALENDAR_ENDS
    elif incident.overdue(now):
        finding, incident = Finding.OVERDUE, incident.escalate(limits=limits, now=now)
        _tell(uow, incidents, before, incident, now)
    elif _warn(uow, incident, limits, at, now):
        finding = Finding.SOON
    watch(uow, incident, limits, now)
    return finding


def _warn(uow: UnitOfWork, incident: Incident, limits: Limits, at: datetime, now: datetime) -> bool:
    """Whether most of the present step's time is used at this very moment: then its holder is warned."""
    soon = incident.clock is not None and limits.soon(incident.clock) == at
    if soon:
        uow.record(events.incident_due_soon(incident, uuid7(), now))
    return soon


def _tell(uow: UnitOfWork, incidents: Incidents, before: Incident, incident: Incident, now: datetime) -> None:
    incidents.save(incident)
    uow.record(event_of(before, incident, now))


def _look_at_hold(uow: UnitOfWork, incidents: Incidents, limits: Limits, before: Incident, now: datetime) -> Finding:
    """At its review the hold is over."""
    if before.review_at and now < before.review_at:
        watch(uow, before, limits, now)
        return Finding.NOTHING
    after = resume(before, seen=before.version, by=Who.TIMER, limits=limits, now=now)
    keep(uow, incidents, before, after, limits, now)
    return Finding.RESUMED


def _look_at_duplicate(
    uow: UnitOfWork, incidents: Incidents, limits: Limits, before: Incident, now: datetime
) -> Finding:
    """It ends when its main incident has; split off from one that counts as none, rules are asked who takes it."""
    assert before.main is not None
    main = incidents.load_main(before.main.id, EVERYWHERE)
    if not main.state.ended:
        watch(uow, before, limits, now)
        return Finding.NOTHING
    after = keep(uow, incidents, before, follow(before, main, limits=limits, now=now), limits, now)
    if after.state is IncidentState.FILED:
        uow.set_due(DISPATCH, str(after.id), now)
    return Finding.FOLLOWED


def _look_at_end(uow: UnitOfWork, incidents: Incidents, limits: Limits, before: Incident, now: datetime) -> Finding:
    """What was closed as a duplicate goes on when its main incident does."""
    main = incidents.load_main(before.main.id, EVERYWHERE) if before.main else None
    if main is None or main.state.ended:
        return Finding.NOTHING
    keep(uow, incidents, before, rejoin(before, limits=limits, now=now), limits, now)
    return Finding.FOLLOWED


def repair_next(uow: UnitOfWork, incidents: Incidents, reference: Reference, limits: Limits) -> tuple[str, str] | None:
    """Mend one open incident that nobody would look at again, or that nobody answers for: what it was, and its case.

    None when there is none that can be mended: then every open incident has a holder and a next moment, a duplicate
    that of its main incident, but those that `left_unheld` counts.
    """
    # Those first that are cheap to find, of which there may be many: when a centre gets another code.
    centres = reference.all_centres()
    orphan = incidents.unheld(centres)
    if orphan is not None:
        incident = adopted(orphan, lambda region: centres.get(region, ""))
        incidents.save(incident)
        watch(uow, incident, limits, uow.now())
        uow.record(events.deadline_moved(orphan, incident, CENTRE_FOUND, uow.now()))
        return "UNHELD", incident.case_number
    forgotten = incidents.unwatched(CLOCK)
    if forgotten is None:
        return None
    uow.set_due(CLOCK, str(forgotten.id), next_look(forgotten, limits, uow.now()) or uow.now())
    return "UNWATCHED", forgotten.case_number


def left_unheld(incidents: Incidents, reference: Reference) -> int:
    """How many open incidents nobody answers for though all was mended that could be: no grid centre is above them."""
    return incidents.count_unheld(reference.all_centres())
