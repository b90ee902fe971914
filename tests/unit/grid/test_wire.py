from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from egov.grid.v1 import incidents_pb2

from services.grid import wire
from services.grid.domain.incidents import ClosingOutcome
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import CENTRE, GRID, RUBBISH

RUBBISH_KIND = incidents_pb2.INCIDENT_KIND_EVENT


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
    answer = wire.incident_message(replace(samples.incident(), report=wire.report(message)), CENTRE)
    assert answer.report == message


def test_an_unset_moment_stays_unset() -> None:
    assert wire.report(incidents_pb2.Report(type=incidents_pb2.IncidentTypeKey(kind=RUBBISH_KIND))).seen_at is None
    answer = wire.incident_message(samples.incident(), None)
    assert not answer.HasField("dispatched_at")
    assert answer.closing_outcome == incidents_pb2.CLOSING_OUTCOME_UNSPECIFIED


def test_a_closed_incident_says_how_it_ended_and_who_chose() -> None:
    before = samples.dispatched()
    closed = before.close(ClosingOutcome.DUPLICATE, seen=2, by_department=CENTRE, now=NOW + timedelta(hours=1))
    answer = wire.incident_message(closed, None)
    assert answer.state == incidents_pb2.INCIDENT_STATE_CLOSED
    assert answer.closing_outcome == incidents_pb2.CLOSING_OUTCOME_DUPLICATE
    assert answer.holder_department == ""
    assert answer.dispatch_reason
    assert answer.closed_at.ToDatetime(tzinfo=NOW.tzinfo) == NOW + timedelta(hours=1)


def test_every_state_kind_and_outcome_of_the_contract_is_known() -> None:
    assert set(wire.STATES) == set(incidents_pb2.IncidentState.values()) - {0}
    assert set(wire.KINDS) == set(incidents_pb2.IncidentKind.values()) - {0}
    assert set(wire.OUTCOMES) == set(incidents_pb2.ClosingOutcome.values()) - {0}
