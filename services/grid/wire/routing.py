"""Routing rules and decisions, for answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from egov.common.v1 import paging_pb2
from egov.grid.v1 import routing_pb2

from services.chassis.moments import stamp
from services.grid.domain.decisions import Decision, Kept, Source, Undecided
from services.grid.domain.routing import Routing
from services.grid.domain.versions import Outcome, Version
from services.grid.wire.codes import URGENCIES_OUT
from services.grid.wire.versions import OUTCOMES_OUT, fault_fields, version_message
from services.kernel.paging import Page
from services.kernel.sheets import Fault

SOURCES_OUT = {
    None: routing_pb2.DISPATCH_SOURCE_UNSPECIFIED,
    Source.RULE: routing_pb2.DISPATCH_SOURCE_RULE,
    Source.CATALOGUE: routing_pb2.DISPATCH_SOURCE_CATALOGUE,
    Source.PERSON: routing_pb2.DISPATCH_SOURCE_PERSON,
}
UNDECIDED_OUT = {
    None: routing_pb2.UNDECIDED_REASON_UNSPECIFIED,
    Undecided.NO_RULE: routing_pb2.UNDECIDED_REASON_NO_RULE,
    Undecided.TIE: routing_pb2.UNDECIDED_REASON_TIE,
    Undecided.TIME_UNKNOWN: routing_pb2.UNDECIDED_REASON_TIME_UNKNOWN,
    Undecided.RETURNED: routing_pb2.UNDECIDED_REASON_RETURNED,
    Undecided.RETURNED_BY_CATALOGUE: routing_pb2.UNDECIDED_REASON_RETURNED_BY_CATALOGUE,
    Undecided.UNKNOWN: routing_pb2.UNDECIDED_REASON_DEPARTMENT_UNKNOWN,
}


def import_message(
    outcome: Outcome, version: Version | None, routing: Routing, faults: Sequence[Fault]
) -> routing_pb2.ImportRoutingResponse:
    """What became of an import; where there are faults nothing is counted."""
    return routing_pb2.ImportRoutingResponse(
        outcome=OUTCOMES_OUT[outcome],
        version=version_message(routing_pb2.RoutingVersion, version) if version else None,
        **fault_fields(faults),
        rules=0 if faults else len(routing.rules),
    )


def versions_message(page: Page[Version]) -> routing_pb2.ListRoutingsResponse:
    """A page of versions."""
    return routing_pb2.ListRoutingsResponse(
        routings=[version_message(routing_pb2.RoutingVersion, each) for each in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def decision_message(routing: int, decision: Decision) -> routing_pb2.DispatchDecision:
    """A decision by this version of the rules."""
    return routing_pb2.DispatchDecision(
        department=decision.department,
        source=SOURCES_OUT[decision.source],
        undecided=UNDECIDED_OUT[decision.undecided],
        rules=decision.rules,
        routing_version=routing,
        loads=[routing_pb2.DepartmentLoad(**each._asdict()) for each in decision.loads],
        suggested_department=decision.suggestion,
        text_zh=decision.text_zh,
        text_en=decision.text_en,
        urgency=URGENCIES_OUT[decision.urgency],
        urgency_source=SOURCES_OUT[decision.urgent_by],
    )


def explanation_message(
    kept: Iterable[Kept], planned: tuple[int, Decision] | None
) -> routing_pb2.ExplainDispatchResponse:
    """The dispatches that were, and the one that could be."""
    return routing_pb2.ExplainDispatchResponse(
        dispatches=map(_kept_message, kept), planned=decision_message(*planned) if planned else None
    )


def plan_messages(plans: Mapping[UUID, tuple[int, Decision]]) -> list[routing_pb2.PlannedDispatch]:
    """What the rules say of incidents that wait."""
    return [
        routing_pb2.PlannedDispatch(incident_id=str(incident), decision=decision_message(*planned))
        for incident, planned in plans.items()
    ]


def _kept_message(each: Kept) -> routing_pb2.KeptDispatch:
    return routing_pb2.KeptDispatch(
        version=each.version,
        dispatched_at=stamp(each.dispatched_at),
        decision=decision_message(each.routing, each.decision),
    )
