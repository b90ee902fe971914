"""A catalogue that is not in force, tried on a past case: what would have been different."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.grid.domain.catalogue import Catalogue
from services.grid.domain.courses import course_of
from services.grid.domain.deadlines import Limits
from services.grid.domain.decisions import Source
from services.grid.domain.evidence import missing_evidence
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import Evidence, rule_for
from services.grid.domain.retracing import Ruling, Span, parts_of, retrace, ruling_of, spans_of


class Difference(StrEnum):
    """In what a case would have been different."""

    TYPE = "TYPE"
    """The catalogue does not have its type."""
    DEPARTMENT = "DEPARTMENT"
    STAGES = "STAGES"
    """Other stages, or none."""
    LIMIT = "LIMIT"
    DEADLINE = "DEADLINE"
    VERDICT = "VERDICT"
    """Met instead of missed, or missed instead of met, in all stages together."""
    EVIDENCE = "EVIDENCE"


class Beside(NamedTuple):
    """What a case's row does not say: the evidence that it needed, and by what its last dispatch was decided."""

    demanded: tuple[Evidence, ...] = ()
    source: Source | None = None


NOTHING = Beside()


class Previewed(NamedTuple):
    """A past case, stage by stage as it was and as it would have been; empty where it was not dispatched.

    `missing`: evidence that would have been demanded when it was reported handled, and was not there.
    """

    incident: Incident
    was: Sequence[Ruling]
    would: Sequence[Ruling]
    demanded: tuple[Evidence, ...]
    would_demand: tuple[Evidence, ...]
    missing: tuple[Evidence, ...]
    differences: tuple[Difference, ...]

    @property
    def before(self) -> Ruling:
        """Its first stage as it was."""
        return self.was[0] if self.was else Ruling()

    @property
    def after(self) -> Ruling:
        """The first stage that it would have had."""
        return self.would[0] if self.would else Ruling()


def preview(
    incident: Incident, catalogue: Catalogue, limits: Limits, now: datetime, beside: Beside = NOTHING
) -> Previewed:
    """A past case under another catalogue, as urgent as it was.

    The last dispatch is what counts. A department that a person or a routing rule chose stays, and so does one that the
    catalogue chose after the new one had returned it. One that was never dispatched, or was returned, differs by its
    type and by the evidence that it needs.
    """
    typed = next((each for each in catalogue.types if each.key == incident.report.type), None)
    was, would = _rulings(incident, catalogue, beside.source, limits, now)
    would_demand = typed.evidence if typed else ()
    late = late_in_all(was), late_in_all(would)
    different = {
        Difference.TYPE: typed is None,
        Difference.DEPARTMENT: {each.department for each in was} != {each.department for each in would},
        Difference.STAGES: [each.stage for each in was] != [each.stage for each in would],
        Difference.LIMIT: [each.limit for each in was] != [each.limit for each in would],
        Difference.DEADLINE: [each.due_at for each in was] != [each.due_at for each in would],
        Difference.VERDICT: None not in late and late[0] != late[1],
        Difference.EVIDENCE: typed is not None and set(beside.demanded) != set(would_demand),
    }
    return Previewed(
        incident,
        was,
        would,
        beside.demanded,
        would_demand,
        missing_evidence(would_demand, incident.proofs) if incident.handled_at else (),
        tuple(each for each, differs in different.items() if differs),
    )


def late_in_all(rulings: Sequence[Ruling]) -> bool | None:
    """Some stage was late; None where nobody knows."""
    late = [each.late for each in rulings]
    return True if True in late else None if None in late else False


def _rulings(
    incident: Incident, catalogue: Catalogue, source: Source | None, limits: Limits, now: datetime
) -> tuple[list[Ruling], list[Ruling]]:
    if incident.dispatched_at is None:
        return [], []
    parts = parts_of(incident)
    was = [ruling_of(each.shown(limits.calendar(each)), now) for each in parts] or [
        Ruling(incident.department, incident.handle_within)
    ]
    if _taken_on(incident, source):
        return was, was
    department, spans = _department(incident, catalogue, source), _spans(incident, catalogue, limits)
    if not department:
        return was, [Ruling()]
    if not parts:
        return was, [Ruling(department, spans[0].limit)]
    at_last = incident.course is None or incident.course.last
    # What differs by a correction of the calendar alone differs by no rule.
    as_was = dict(zip((ruling_of(limits.reckoned(each), now) for each in parts), was, strict=True))
    tried = retrace(parts, spans, department, limits, now, at_last=at_last)
    return was, [as_was.get(each, each) for each in tried]


def _department(incident: Incident, catalogue: Catalogue, source: Source | None) -> str:
    """Who would have had it. Where it is not kept by what a dispatch was decided, a reason says that rules did."""
    by_catalogue = source is Source.CATALOGUE if source else bool(incident.dispatch_reason)
    if not by_catalogue:
        return incident.department
    rule = rule_for(incident.report.type, incident.report.region, catalogue.rules)
    department = rule.department_in(incident.report.region) if rule else ""
    return incident.department if department in incident.returners else department


def _spans(incident: Incident, catalogue: Catalogue, limits: Limits) -> list[Span]:
    key, region = incident.report.type, incident.report.region
    course = course_of(key, incident.urgency, catalogue.stages)
    if course:
        return spans_of(course)
    rule = rule_for(key, region, catalogue.rules)
    return [Span(rule.limit if rule else limits.handle)]


def _taken_on(incident: Incident, source: Source | None) -> bool:
    """The grid centre took it on to send it outside: the catalogue says nothing of that."""
    return source is None and incident.department == incident.owner and incident.outside is not None
