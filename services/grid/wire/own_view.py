"""What whoever reported an incident is shown of it: what concerns them, nothing of what departments tell one another.

A field that is not named here is not shown, so that a new one is kept back until somebody decides that it is for them.
"""

from __future__ import annotations

from egov.grid.v1 import incidents_pb2, routing_pb2
from google.protobuf.message import Message

_NAMES = """
incident_id case_number version state enterprise_code_doubtful holder_department filed_at dispatched_at handle_by
closed_at closing_outcome deadline escalation_level accepted_at handled_at verified_at inspection_id
handling_outcome returned_by return_reason deadline_provisional returns coordinator binding review_at hold_reason
main_incident_id main_case_number satisfaction reply captured_at received_at
reporter.kind reporter.id
report.type.standard report.type.kind report.type.code report.region report.description report.address report.seen_at
report.reporter_citizen_number report.enterprise_code report.reference report.position.latitude
report.position.longitude report.position.system report.position.accuracy_m report.source
report.evidence.kind report.evidence.reference report.evidence.sha256 report.evidence.given_at
stage stages.urgency stages.position stages.name stages.name_en stages.limit stages.unit stages.done_when
stages.done_when_en stages.counting
intake.found intake.checked_at intake.declined intake.objected
outside.body outside.body_code outside.reference outside.sent_at outside.answer_by outside.answer outside.answered_at
urgency urgency_without_stages supervision.ordered_by supervision.ordered_at supervision.answer_by
"""
OWN = frozenset(_NAMES.split())
"""Fields of an incident, by their path. `hold_reason` and `reply` are words for whoever reported it; what departments
write for one another is none of it, nor by which rule and which loads somebody was chosen (`dispatch_reason`)."""
OWN_DISPATCHES = frozenset({"dispatches.version", "dispatches.dispatched_at", "dispatches.decision.department"})
"""The same of an explanation: when it went where."""


def own_view(incident: incidents_pb2.Incident) -> incidents_pb2.Incident:
    """The incident without what is not theirs to see."""
    _keep(incident, OWN, "")
    return incident


def own_dispatches(explained: routing_pb2.ExplainDispatchResponse) -> routing_pb2.ExplainDispatchResponse:
    """The explanation without what is for staff: rules, loads, and what the rules would say now."""
    _keep(explained, OWN_DISPATCHES, "")
    return explained


def _keep(message: Message, own: frozenset[str], path: str) -> None:
    for field, value in message.ListFields():
        here = path + field.name
        if here in own:
            continue
        if not any(each.startswith(f"{here}.") for each in own):
            message.ClearField(field.name)
            continue
        for each in value if field.is_repeated else [value]:
            _keep(each, own, f"{here}.")
