"""What of an incident a caller may see."""

from __future__ import annotations

from dataclasses import replace

from services.grid.domain.incidents import Incident
from services.grid.domain.requests import Supervision
from services.kernel.parties import Party


def shown_to(incident: Incident, department: str | None, party: Party | None = None) -> Incident:
    """An incident as a caller may see it: who reported it, and what they wrote, is for departments that answer for it.

    They and `party`, where that is who reported, see the position, the report's evidence, the reply and why it is
    on hold; others see the grid.
    """
    if department in (incident.department, incident.owner, incident.coordinator) and department:
        return incident
    own = party == incident.reporter
    report = replace(
        incident.report,
        reporter_citizen_number="",
        position=incident.report.position if own else None,
        evidence=incident.report.evidence if own else (),
    )
    return replace(
        incident,
        report=report,
        asked=replace(incident.asked, reason="") if incident.asked else None,
        refusal_reason="",
        hold_reason=incident.hold_reason if own else "",
        reply=incident.reply if own else "",
        intake=replace(incident.intake, remark="") if incident.intake else None,
        outside=replace(incident.outside, answer_reason="") if incident.outside else None,
        supervision=_order_shown_to(incident.supervision, department),
        evidence=(),
    )


def _order_shown_to(order: Supervision | None, department: str | None) -> Supervision | None:
    """What a level above ordered, as others than who answers for it may see it: whoever ordered it sees why."""
    return order if order is None or order.ordered_by == department else replace(order, reason="")
