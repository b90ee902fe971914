"""A catalogue that is not in force, tried on a past case: what would have been different."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.grid.domain.catalogue import Catalogue, Urgency
from services.grid.domain.clocks import Clock, ClockKind, Verdict
from services.grid.domain.courses import course_of
from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import rule_for
from services.kernel.worktime.terms import Limit


class Difference(StrEnum):
    """In what a case would have been different."""

    TYPE = "TYPE"
    """The catalogue does not have its type."""
    DEPARTMENT = "DEPARTMENT"
    LIMIT = "LIMIT"
    DEADLINE = "DEADLINE"
    VERDICT = "VERDICT"
    """Met instead of missed, or missed instead of met."""


class Ruling(NamedTuple):
    """Who handles a case within which time; the last two are None where the clock of the handling is not known."""

    department: str = ""
    limit: Limit | None = None
    due_at: datetime | None = None
    verdict: Verdict | None = None

    @property
    def late(self) -> bool | None:
        """Its deadline was missed; None where nobody knows."""
        known = self.verdict not in (None, Verdict.UNDECIDED)
        return self.verdict in (Verdict.MISSED, Verdict.OVERDUE) if known else None


class Previewed(NamedTuple):
    """A past case, as it was and as it would have been."""

    incident: Incident
    before: Ruling
    after: Ruling
    differences: tuple[Difference, ...]


def preview(incident: Incident, catalogue: Catalogue, limits: Limits, now: datetime) -> Previewed:
    """A past case under another catalogue, of normal urgency.

    The last dispatch is what counts, and of a handling in stages the first of them. A department that a person chose
    stays. One that was never dispatched, or was returned, only differs by its type.
    """
    typed = any(each.key == incident.report.type for each in catalogue.types)
    if incident.dispatched_at is None:
        return Previewed(incident, Ruling(), Ruling(), () if typed else (Difference.TYPE,))
    clock = _handling(incident)
    before = _as_it_was(incident, clock, now)
    after = _under(catalogue, incident, incident.dispatched_at, clock, limits, now)
    different = {
        Difference.TYPE: not typed,
        Difference.DEPARTMENT: before.department != after.department,
        Difference.LIMIT: before.limit != after.limit,
        Difference.DEADLINE: before.due_at != after.due_at,
        Difference.VERDICT: None not in (before.late, after.late) and before.late != after.late,
    }
    return Previewed(incident, before, after, tuple(each for each, differs in different.items() if differs))


def _handling(incident: Incident) -> Clock | None:
    """The clock of the last dispatch; None where it was not recorded."""
    handling = (each for each in incident.clocks if each.kind is ClockKind.HANDLE)
    return next((each for each in handling if each.begun_at == incident.dispatched_at), None)


def _as_it_was(incident: Incident, clock: Clock | None, now: datetime) -> Ruling:
    if clock is None:
        return Ruling(incident.department, incident.handle_within)
    return Ruling(clock.department, clock.limit, clock.due_at, clock.verdict(now))


def _under(
    catalogue: Catalogue, incident: Incident, begin: datetime, clock: Clock | None, limits: Limits, now: datetime
) -> Ruling:
    key, region = incident.report.type, incident.report.region
    rule = rule_for(key, region, catalogue.rules)
    named = "" if incident.dispatch_reason else incident.department
    department = named or (rule.department_in(region) if rule else "")
    course = course_of(key, Urgency.NORMAL, catalogue.stages)
    limit = course.present.limit if course else rule.limit if rule else limits.handle
    if not department:
        return Ruling()
    if clock is None:
        return Ruling(department, limit)
    tried = replace(limits.begin(ClockKind.HANDLE, department, limit, begin), ended_at=clock.ended_at)
    return Ruling(department, limit, tried.due_at, tried.verdict(now))
