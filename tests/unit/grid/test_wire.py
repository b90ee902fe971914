from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from egov.common.v1 import parties_pb2
from egov.grid.v1 import incidents_pb2, outside_bodies_pb2
from egov.inspection.v1 import events_pb2 as inspection_events
from egov.inspection.v1 import inspections_pb2

from services.chassis import parties
from services.grid.domain.states import ClosingOutcome
from services.grid.wire import codes, inspections, messages
from services.kernel.ids import uuid7
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, GRID, RUBBISH

RUBBISH_KIND = incidents_pb2.INCIDENT_KIND_EVENT
UNSAID = incidents_pb2.Report(type=incidents_pb2.IncidentTypeKey(kind=RUBBISH_KIND))


def test_a_report_comes_back_as_it_was_sent() -> None:
    message = incidents_pb2.Report(
        type=incidents_pb2.IncidentTypeKey(standard=RUBBISH.standard, kind=RUBBISH_KIND, code=RUBBISH.code),
        region=GRID,
        description="巷口垃圾堆放",
        address="海滨路1号",
        reporter_citizen_number="11010519491231002X",
        enterprise_code="91350100M000100Y43",
        reference="SSP-1",
    )
    message.seen_at.FromDatetime(NOW)
    answer = messages.incident_message(replace(samples.incident(), report=messages.report(message, NOW)), CENTRE)
    assert answer.report == message


def test_an_unset_moment_stays_unset() -> None:
    assert messages.report(UNSAID, NOW).seen_at is None
    answer = messages.incident_message(samples.incident(), None)
    assert not answer.HasField("dispatched_at")
    assert answer.closing_outcome == incidents_pb2.CLOSING_OUTCOME_UNSPECIFIED


def test_a_closed_incident_says_how_it_ended_and_who_chose() -> None:
    before = samples.dispatched()
    later = NOW + timedelta(hours=1)
    closed = before.close(ClosingOutcome.DUPLICATE, seen=2, by=CENTRE, limits=samples.LIMITS, now=later, reason="重复")
    answer = messages.incident_message(closed, CENTRE)
    assert answer.state == incidents_pb2.INCIDENT_STATE_CLOSED
    assert answer.closing_outcome == incidents_pb2.CLOSING_OUTCOME_DUPLICATE
    assert answer.holder_department == ""
    assert answer.dispatch_reason
    assert answer.closed_at.ToDatetime(tzinfo=NOW.tzinfo) == NOW + timedelta(hours=1)


def test_an_answer_says_what_runs_and_what_happened() -> None:
    inspected = samples.dispatched().inspect(uuid7(), seen=2, by=DEPARTMENT, limits=samples.LIMITS, now=NOW)
    answer = messages.incident_message(samples.handled(inspected), None)
    assert answer.inspection_id == str(inspected.inspection_id)
    assert answer.handling_outcome == incidents_pb2.HANDLING_OUTCOME_REPORTED
    assert answer.deadline.ToDatetime(tzinfo=NOW.tzinfo) == NOW + DAY
    assert answer.escalation_level == incidents_pb2.ESCALATION_LEVEL_GRID
    assert (answer.holder_department, answer.accepted_at) == (CENTRE, answer.handled_at)


def test_an_inspection_by_request_concerns_no_incident() -> None:
    assert inspections.opened_inspection(inspection_events.InspectionOpened(inspection_id=str(uuid7()))) is None
    assert inspections.closed_inspection(inspection_events.InspectionClosed(inspection_id=str(uuid7()))) is None


def test_every_good_end_of_an_inspection_is_known() -> None:
    assert set(inspections.ENDS) == set(inspections_pb2.InspectionOutcome.values()) - {0}


def test_everything_that_the_contract_enumerates_is_known() -> None:
    assert set(codes.STATES) == set(incidents_pb2.IncidentState.values()) - {0}
    assert set(codes.KINDS) == set(incidents_pb2.IncidentKind.values()) - {0}
    assert set(codes.OUTCOMES) == set(incidents_pb2.ClosingOutcome.values()) - {0}
    assert set(codes.RETURN_REASONS) == set(incidents_pb2.ReturnReason.values()) - {0}
    assert set(codes.HANDLING_OUTCOMES) == set(incidents_pb2.HandlingOutcome.values()) - {0}
    assert set(codes.SOURCES) == set(incidents_pb2.ReportSource.values())
    assert set(codes.DECLINE_KINDS_OUT.values()) == set(incidents_pb2.DeclineKind.values())
    assert set(codes.OUTSIDE_ANSWERS_OUT.values()) == set(outside_bodies_pb2.OutsideAnswer.values())
    assert set(codes.LEVELS) == set(incidents_pb2.EscalationLevel.values()) - {0}
    assert set(parties.KINDS) == set(parties_pb2.PartyKind.values()) - {0}
