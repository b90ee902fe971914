from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from egov.inspection.v1 import events_pb2, inspections_pb2

from services.inspection import usecases
from services.inspection.domain.inspections import Inspection, RefusedEffect
from services.inspection.domain.reference import Gravity
from services.inspection.domain.transitions import InspectionState
from services.kernel import casenumber
from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.kernel.regions import Region
from tests.unit.fakes import NOW, FakeUnitOfWork
from tests.unit.inspection import samples
from tests.unit.inspection.samples import (
    BOTH,
    DEPARTMENT,
    ELSEWHERE,
    ENTERPRISE,
    LICENCE,
    LIN,
    REPORTER,
    SOON,
    VILLAGE,
    FakeInspections,
    FakeReference,
    as_officer,
    dispatched_incident,
)

BOUND = "371102"


def opened(incident: Any, inspections: FakeInspections, reference: FakeReference | None = None) -> FakeUnitOfWork:
    uow = FakeUnitOfWork()
    usecases.open_from_incident(uow, inspections, reference or FakeReference(), incident)
    return uow


def test_a_dispatched_incident_that_is_inspected_opens_an_inspection_in_its_case() -> None:
    incident, inspections = dispatched_incident(), FakeInspections()
    uow = opened(incident, inspections)
    [inspection] = inspections.rows.values()
    assert (inspection.state, inspection.department) == (InspectionState.OPENED, DEPARTMENT)
    assert (inspection.case_number, inspection.incident_id) == (incident.case_number, incident.id)
    assert inspection.reporter == Party("person", REPORTER)
    [event] = uow.events
    assert isinstance(event, events_pb2.InspectionOpened)
    assert (event.enterprise_code, event.department) == (ENTERPRISE, DEPARTMENT)
    [envelope] = uow.envelopes
    assert (envelope.key, envelope.version, envelope.case_number) == (str(inspection.id), 1, incident.case_number)
    assert (envelope.holder, envelope.links) == (f"department/{DEPARTMENT}", (("caused", str(incident.id)),))
    assert (uow.case_number, envelope.case_phase) == (None, None)


def test_other_incidents_and_other_departments_open_nothing() -> None:
    inspections, reference = FakeInspections(), FakeReference()
    uow = opened(dispatched_incident(department="371102-CGJ"), inspections, reference)
    reference.inspected = []
    uow.events += opened(dispatched_incident(), inspections, reference).events
    assert (inspections.rows, uow.events) == ({}, [])


def test_an_incident_that_is_dispatched_again_is_inspected_once_at_a_time() -> None:
    incident, inspections = dispatched_incident(), FakeInspections()
    opened(incident, inspections)
    assert opened(incident, inspections).events == []
    [inspection] = inspections.rows.values()
    closed = samples.assigned(inspection).close(seen=2, by=LIN, now=NOW)
    inspections.rows[inspection.id] = closed
    assert len(opened(incident, inspections).events) == 1
    assert len(inspections.rows) == 2


def test_a_request_opens_an_inspection_and_its_case() -> None:
    uow, inspections = as_officer(), FakeInspections()
    inspection = usecases.open_by_request(uow, inspections, VILLAGE, Region(VILLAGE), ENTERPRISE, BOUND)
    assert inspections.rows[inspection.id] == inspection
    assert casenumber.parse(inspection.case_number).service_digit == 4
    assert inspection.case_number == uow.case_number
    assert (inspection.department, inspection.incident_id, inspection.reporter) == (DEPARTMENT, None, None)
    [envelope] = uow.envelopes
    assert (envelope.case_number, envelope.links) == (uow.case_number, ())
    assert envelope.case_phase == "opens"


def test_a_refused_request_takes_no_case_number_and_leaves_nothing() -> None:
    for uow, region in ((as_officer(department=None), VILLAGE), (as_officer(), ELSEWHERE)):
        inspections = FakeInspections()
        with pytest.raises(Refusal):
            usecases.open_by_request(uow, inspections, region, Region(region), ENTERPRISE, "3711")
        assert (uow.case_number, uow.events, inspections.rows) == (None, [], {})


def kept(inspection: Inspection) -> FakeInspections:
    inspections = FakeInspections()
    inspections.add(inspection)
    return inspections


def test_naming_officers_says_who() -> None:
    before, uow = samples.inspection(), as_officer()
    after = usecases.assign_officers(uow, kept(before), before.id, BOUND, seen=1, nominees=BOTH)
    [event] = uow.events
    assert isinstance(event, events_pb2.OfficersAssigned)
    assert tuple(event.officers) == after.officers
    assert (uow.envelopes[0].version, uow.envelopes[0].case_number) == (2, before.case_number)


def test_a_grave_finding_says_which_certificate_it_concerns() -> None:
    before, uow = samples.assigned(), as_officer()
    inspections = kept(before)
    usecases.record_finding(
        uow, inspections, FakeReference(), before.id, BOUND, seen=2, item_code="FOOD-04", gravity=Gravity.GRAVE
    )
    [event] = uow.events
    assert isinstance(event, events_pb2.FindingRecorded)
    assert (event.gravity, event.certificate_type) == (inspections_pb2.GRAVITY_GRAVE, LICENCE)
    assert (event.item_code, event.enterprise_code, event.version) == ("FOOD-04", ENTERPRISE, 3)
    assert event.finding_id == str(inspections.rows[before.id].findings[0].id)


def test_an_item_that_is_not_published_leaves_nothing() -> None:
    before, uow = samples.assigned(), as_officer()
    with pytest.raises(Refusal) as refused:
        usecases.record_finding(
            uow, kept(before), FakeReference(), before.id, BOUND, seen=2, item_code="FOOD-99", gravity=Gravity.MINOR
        )
    assert [each.rule for each in refused.value.violations] == ["ITEM_UNKNOWN"]
    assert uow.events == []


def test_an_order_runs_until_its_date() -> None:
    before, uow = samples.found(samples.FRIDGE), as_officer()
    usecases.order_rectification(uow, kept(before), before.id, BOUND, seen=3, until=SOON)
    [event], [envelope] = uow.events, uow.envelopes
    assert isinstance(event, events_pb2.RectificationOrdered)
    assert (envelope.deadline, envelope.version) == (SOON, 4)


def test_an_extension_runs_until_its_later_date() -> None:
    before, later, uow = samples.rectifying(), SOON + timedelta(days=1), as_officer()
    usecases.extend_rectification(uow, kept(before), before.id, BOUND, seen=4, until=later)
    [event], [envelope] = uow.events, uow.envelopes
    assert isinstance(event, events_pb2.RectificationExtended)
    assert (envelope.deadline, envelope.version) == (later, 5)


def test_a_recheck_runs_on_until_its_new_date_or_was_passed() -> None:
    before, later = samples.rectifying(), SOON + timedelta(days=1)
    inspections, uow = kept(before), as_officer()
    usecases.record_recheck(uow, inspections, before.id, BOUND, seen=4, passed=False, until=later)
    usecases.record_recheck(uow, inspections, before.id, BOUND, seen=5, passed=True, until=None)
    assert all(isinstance(event, events_pb2.RecheckRecorded) for event in uow.events)
    assert [envelope.deadline for envelope in uow.envelopes] == [later, None]
    assert [event.passed for event in uow.events] == [False, True]  # type: ignore[attr-defined]


def test_the_close_says_how_it_ended() -> None:
    before, uow = samples.rechecked(), as_officer()
    usecases.close_inspection(uow, kept(before), before.id, BOUND, seen=5)
    [event] = uow.events
    assert isinstance(event, events_pb2.InspectionClosed)
    assert event.outcome == inspections_pb2.INSPECTION_OUTCOME_RECTIFIED
    assert (event.incident_id, event.version) == (str(before.incident_id), 6)
    assert uow.envelopes[0].case_phase is None  # the case is the incident's, and goes on


def test_the_close_of_an_inspection_by_request_ends_its_case() -> None:
    uow, inspections = as_officer(), FakeInspections()
    opened = usecases.open_by_request(uow, inspections, VILLAGE, Region(VILLAGE), ENTERPRISE, BOUND)
    inspections.rows[opened.id] = samples.assigned(opened)
    usecases.close_inspection(uow, inspections, opened.id, BOUND, seen=2)
    assert [envelope.case_phase for envelope in uow.envelopes] == ["opens", "closes"]


CHANGES: dict[str, Callable[[FakeUnitOfWork, FakeInspections, Inspection, str], Inspection]] = {
    "assign": lambda uow, store, it, bound: usecases.assign_officers(uow, store, it.id, bound, seen=2, nominees=BOTH),
    "find": lambda uow, store, it, bound: usecases.record_finding(
        uow, store, FakeReference(), it.id, bound, seen=2, item_code="FOOD-10", gravity=Gravity.MINOR
    ),
    "order": lambda uow, store, it, bound: usecases.order_rectification(uow, store, it.id, bound, seen=2, until=SOON),
    "extend": lambda uow, store, it, bound: usecases.extend_rectification(uow, store, it.id, bound, seen=2, until=SOON),
    "recheck": lambda uow, store, it, bound: usecases.record_recheck(
        uow, store, it.id, bound, seen=2, passed=True, until=None
    ),
    "close": lambda uow, store, it, bound: usecases.close_inspection(uow, store, it.id, bound, seen=2),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_inspection_of_a_foreign_region_does_not_exist(change: Callable[..., Inspection]) -> None:
    before, uow = samples.assigned(), as_officer()
    for known, bound in ((before, "371121"), (samples.assigned(), BOUND)):
        with pytest.raises(Refusal) as refused:
            change(uow, kept(before), known, bound)
        assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "INSPECTION_NOT_FOUND")
    assert uow.events == []


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_somebody_from_elsewhere_changes_nothing(change: Callable[..., Inspection]) -> None:
    before, uow = samples.assigned(), as_officer(subject=samples.STRANGER, department="371102-CGJ")
    with pytest.raises(Refusal) as refused:
        change(uow, kept(before), before, BOUND)
    assert refused.value.reason in ("NOT_THE_HOLDER", "NOT_AN_OFFICER_HERE", "WRONG_STATE")
    assert uow.events == []


def test_an_enterprise_passes_for_no_officer() -> None:
    """Not even under an officer's own id."""
    before, officer = samples.assigned(), as_officer().caller
    uow = FakeUnitOfWork(caller=replace(officer, enterprise="92371199MAB0000158"))
    with pytest.raises(Refusal, match="NOT_AN_OFFICER_HERE"):
        usecases.close_inspection(uow, kept(before), before.id, BOUND, seen=before.version)
    assert uow.events == []


def test_what_another_service_refused_is_kept_once_and_is_no_version() -> None:
    before = samples.found(samples.EXPIRED)
    inspections, effect = kept(before), RefusedEffect("certificates", uuid7(), "CERTIFICATE_REVOKED")
    for _ in range(2):
        usecases.keep_refused_effect(inspections, before.case_number, effect)
    after = inspections.rows[before.id]
    assert (after.refused_effects, after.version) == ((effect,), before.version)


def test_a_refusal_that_is_not_about_us_or_about_an_unknown_case_is_not_kept() -> None:
    inspections = kept(samples.inspection())
    usecases.keep_refused_effect(inspections, samples.case_number(), None)
    with pytest.raises(Refusal) as refused:
        usecases.keep_refused_effect(inspections, samples.case_number(), RefusedEffect("certificates", uuid7(), "X"))
    assert refused.value.reason == "INSPECTION_NOT_FOUND"
