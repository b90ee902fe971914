from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from egov.chassis.v1.events_pb2 import EventRefused
from egov.common.v1 import parties_pb2
from egov.grid.v1 import incidents_pb2
from egov.grid.v1.events_pb2 import IncidentDispatched
from egov.identity.v1 import organisations_pb2
from egov.inspection.v1 import inspections_pb2

from services.chassis import parties
from services.inspection.domain.inspections import InspectionOutcome, RefusedEffect
from services.inspection.domain.reference import Gravity
from services.inspection.wire import events
from services.inspection.wire import inspections as wire
from services.kernel.ids import uuid7
from tests.unit.fakes import NOW
from tests.unit.inspection import samples
from tests.unit.inspection.samples import DEPARTMENT, FOOD, LICENCE, LIN, REPORTER, SOON


def test_a_dispatched_incident_is_read_from_grids_event() -> None:
    told = samples.dispatched_incident()
    event = IncidentDispatched(
        incident_id=str(told.id),
        case_number=told.case_number,
        region=told.region,
        department=DEPARTMENT,
        type=incidents_pb2.IncidentTypeKey(
            standard=FOOD.standard, kind=incidents_pb2.INCIDENT_KIND_EVENT, code=FOOD.code
        ),
        reporter=parties_pb2.Party(kind=parties_pb2.PARTY_KIND_PERSON, id=REPORTER),
        enterprise_code=told.enterprise_code,
    )
    assert events.dispatched_incident(event) == told


def test_only_refusals_about_inspections_facts_are_ours() -> None:
    event_id = str(uuid7())
    refused = EventRefused(
        event_id=event_id, event_type="egov.inspection.v1.FindingRecorded", reason="CERTIFICATE_REVOKED"
    )
    expected = RefusedEffect("certificates", UUID(event_id), "CERTIFICATE_REVOKED")
    assert events.refused_effect(refused, "certificates") == expected
    refused.event_type = "egov.grid.v1.IncidentClosed"
    assert events.refused_effect(refused, "certificates") is None


def test_staff_are_read_from_identitys_answer() -> None:
    known = samples.staff()
    answer = organisations_pb2.Staff(
        person_id=LIN, department=DEPARTMENT, roles=["officer"], officer_licence=known.officer_licence, active=True
    )
    assert wire.staff(answer) == known


def test_an_inspection_is_shown_with_all_that_hangs_on_it() -> None:
    effect = RefusedEffect("certificates", uuid7(), "CERTIFICATE_REVOKED")
    before = replace(samples.rechecked(), refused_effects=(effect,))
    shown = wire.inspection_message(before.close(seen=5, by=LIN, now=SOON))
    assert shown.state == inspections_pb2.INSPECTION_STATE_CLOSED
    assert shown.outcome == inspections_pb2.INSPECTION_OUTCOME_RECTIFIED
    assert shown.reporter.id == REPORTER
    assert [(each.service, each.event_id, each.reason) for each in shown.refused_effects] == [
        (effect.service, str(effect.event_id), effect.reason)
    ]
    [finding] = shown.findings
    assert (finding.gravity, finding.officer_id) == (inspections_pb2.GRAVITY_GRAVE, LIN)
    assert finding.certificate_type == LICENCE
    assert shown.closed_at.ToDatetime(tzinfo=NOW.tzinfo) == shown.rectify_by.ToDatetime(tzinfo=NOW.tzinfo) == SOON


def test_what_an_inspection_has_not_stays_unset() -> None:
    shown = wire.inspection_message(samples.inspection(incident_id=None, reporter=None))
    assert (shown.incident_id, list(shown.officers), shown.outcome) == ("", [], 0)
    assert not any(shown.HasField(name) for name in ("reporter", "rectify_by", "closed_at"))


def test_every_state_gravity_outcome_and_kind_of_the_contract_is_known() -> None:
    assert set(wire.STATES) == set(inspections_pb2.InspectionState.values()) - {0}
    assert set(wire.GRAVITIES) == set(inspections_pb2.Gravity.values()) - {0}
    assert set(wire.OUTCOMES) == {None, *InspectionOutcome}
    assert set(wire.OUTCOMES.values()) == set(inspections_pb2.InspectionOutcome.values())
    assert set(wire.GRAVITIES.values()) == set(Gravity)
    assert set(parties.KINDS) == set(parties_pb2.PartyKind.values()) - {0}
    assert set(events.INCIDENT_KINDS) == set(incidents_pb2.IncidentKind.values()) - {0}
