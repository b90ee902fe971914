"""What the public reports is checked on site before it is filed; a seat decides, and whoever reported it may object."""

from __future__ import annotations

from datetime import timedelta

import pytest
from egov.grid.v1 import events_pb2, incidents_pb2

from services.grid import usecases
from services.grid.domain import intake
from services.grid.domain.incidents import Incident
from services.grid.domain.reports import Source, sourced
from services.grid.domain.standing import Which
from services.grid.domain.states import DeclineKind, IncidentState
from services.grid.usecases import CLOCK, Finding
from services.kernel.errors import Refusal
from services.kernel.regions import Region
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DAY, GRID, LIMITS, REPORTER, FakeIncidents, FakeReference, report

CITIZEN, COLLECTOR = caller(), caller(subject=WANG, department=CENTRE)


def filed(source: Source, uow: FakeUnitOfWork, incidents: FakeIncidents) -> Incident:
    said = report(source=source, reference="SSP-1")
    return usecases.file_incident(uow, incidents, FakeReference(), said, Region(GRID), "3711", LIMITS)


def which(incident: Incident) -> Which:
    return Which(incident.id, "3711", incident.version)


@pytest.mark.parametrize("source", [Source.PUBLIC, Source.HOTLINE, Source.MEDIA])
def test_what_others_say_waits_for_somebody_who_was_there(source: Source) -> None:
    uow, incidents = FakeUnitOfWork(caller=CITIZEN), FakeIncidents()
    incident = filed(source, uow, incidents)
    assert (incident.state, incident.holder, incident.deadline) == (IncidentState.REPORTED, CENTRE, NOW + DAY)
    [event], [envelope] = uow.events, uow.envelopes
    assert isinstance(event, events_pb2.IncidentReported)
    assert (envelope.case_phase, envelope.holder, envelope.deadline) == ("opens", f"department/{CENTRE}", NOW + DAY)
    assert uow.dues, "somebody looks at it again"


@pytest.mark.parametrize("source", [Source.UNSAID, Source.COLLECTOR, Source.SUPERIOR, Source.DEVICE])
def test_everything_else_is_filed_at_once(source: Source) -> None:
    uow = FakeUnitOfWork(caller=COLLECTOR)
    assert filed(source, uow, FakeIncidents()).state is IncidentState.FILED
    assert isinstance(uow.events[0], events_pb2.IncidentFiled)


@pytest.mark.parametrize("source", [Source.COLLECTOR, Source.SUPERIOR])
def test_nobody_without_a_department_says_that_they_were_sent(source: Source) -> None:
    with pytest.raises(Refusal) as refused:
        filed(source, FakeUnitOfWork(caller=CITIZEN), FakeIncidents())
    [violation] = refused.value.violations
    assert (violation.field, violation.rule) == ("report.source", "SOURCE_UNFIT")


PERSON, ENTERPRISE = caller(subject=WANG), caller(subject=WANG, enterprise="91350100M000100Y43")
SYSTEM = caller(subject=None)


@pytest.mark.parametrize("source", Source)
def test_who_reports_for_themselves_is_the_public_and_systems_hand_on_what_others_say(source: Source) -> None:
    own, official = {Source.UNSAID, Source.PUBLIC}, {Source.COLLECTOR, Source.SUPERIOR}
    for citizen in (PERSON, ENTERPRISE):
        fits = None if source in own else "SOURCE_UNFIT" if source in official else "SOURCE_NOT_OWN"
        assert source.broken_by(citizen) == fits
    assert source.broken_by(SYSTEM) == ("SOURCE_UNFIT" if source in official else None)
    assert source.broken_by(COLLECTOR) is None


def test_a_source_that_is_not_theirs_is_refused_by_field_and_rule() -> None:
    with pytest.raises(Refusal) as refused:
        filed(Source.HOTLINE, FakeUnitOfWork(caller=PERSON), FakeIncidents())
    assert [(each.field, each.rule) for each in refused.value.violations] == [("report.source", "SOURCE_NOT_OWN")]


def test_a_city_may_take_what_says_no_source_for_the_publics() -> None:
    assert sourced(report(), CITIZEN).source is Source.PUBLIC
    assert sourced(report(), COLLECTOR).source is Source.UNSAID
    assert sourced(report(source=Source.DEVICE), CITIZEN).source is Source.DEVICE


def test_it_is_checked_filed_and_then_goes_the_way_of_all() -> None:
    incidents, collector = FakeIncidents(), FakeUnitOfWork(caller=COLLECTOR)
    incident = filed(Source.HOTLINE, FakeUnitOfWork(caller=CITIZEN), incidents)
    checked = usecases.check_report(
        collector, incidents, which(incident), found=True, remark="", proofs=(), limits=LIMITS
    )
    assert (checked.state, checked.holder, checked.clock and checked.clock.kind) == (
        IncidentState.CHECKED, CENTRE, "FILE",
    )  # fmt: skip
    collector.at = NOW + timedelta(hours=2)
    done = usecases.file_report(collector, incidents, which(checked), LIMITS)
    assert (done.state, done.deadline) == (IncidentState.FILED, collector.at + DAY)
    check, file = collector.events
    assert isinstance(check, events_pb2.IncidentChecked) and check.found
    assert isinstance(file, events_pb2.IncidentFiled)
    assert file.filed_at.ToDatetime(tzinfo=NOW.tzinfo) == collector.at, "it counts as filed from the decision on"
    assert steps.dispatch(done).state is IncidentState.DISPATCHED


def test_what_is_not_as_reported_needs_words() -> None:
    with pytest.raises(Refusal) as refused:
        intake.check(
            steps.reported(), found=False, remark=" ", proofs=(), seen=1, by=CENTRE, limits=LIMITS, now=NOW
        )  # fmt: skip
    [violation] = refused.value.violations
    assert (violation.field, violation.rule) == ("remark", "required")


def test_not_accepted_is_without_a_look_and_not_filed_is_after_it() -> None:
    rejected, declined = steps.decline(steps.reported()), steps.decline(steps.check(steps.reported(), found=False))
    assert [each.intake and each.intake.declined for each in (rejected, declined)] == [
        DeclineKind.NOT_ACCEPTED, DeclineKind.NOT_FILED,
    ]  # fmt: skip
    for each in (rejected, declined):
        assert (each.state, each.holder, each.deadline) == (IncidentState.DECLINED, "", None)
        assert (each.reply, each.closing_reason) == ("不属于城市管理事项", "")


def test_its_case_ends_and_begins_again_with_an_objection_of_whoever_reported_it() -> None:
    incidents, seat, citizen = FakeIncidents(), FakeUnitOfWork(caller=COLLECTOR), FakeUnitOfWork(caller=CITIZEN)
    incident = filed(Source.PUBLIC, FakeUnitOfWork(caller=CITIZEN), incidents)
    declined = usecases.decline_report(seat, incidents, which(incident), "不属于城市管理事项", LIMITS)
    assert (seat.envelopes[0].case_phase, seat.dues) == ("closes", {})
    again = usecases.object_to_decision(citizen, incidents, which(declined), LIMITS)
    [event], [envelope] = citizen.events, citizen.envelopes
    assert isinstance(event, events_pb2.IncidentReported) and event.objection
    assert (envelope.case_phase, again.state, again.reply) == ("opens", IncidentState.REPORTED, "")
    assert event.source == incidents_pb2.REPORT_SOURCE_PUBLIC


def test_one_objects_once_and_in_time() -> None:
    declined = steps.decline(steps.reported())
    with pytest.raises(Refusal) as late:
        intake.object_to(declined, seen=2, by=REPORTER, limits=LIMITS, now=NOW + LIMITS.reopen + DAY)
    assert late.value.reason == "OBJECT_TOO_LATE"
    twice = steps.decline(intake.object_to(declined, seen=2, by=REPORTER, limits=LIMITS, now=NOW))
    with pytest.raises(Refusal) as again:
        intake.object_to(twice, seen=twice.version, by=REPORTER, limits=LIMITS, now=NOW)
    assert again.value.reason == "OBJECTED_ALREADY"


def test_a_check_that_nobody_makes_goes_up() -> None:
    incidents, uow = FakeIncidents(), FakeUnitOfWork()
    incident = steps.reported()
    incidents.add(incident)
    uow.at = NOW + DAY
    assert usecases.check_clock(uow, incidents, LIMITS, incident.id, uow.at) is Finding.OVERDUE
    [event] = uow.events
    assert isinstance(event, events_pb2.IncidentEscalated)
    assert (event.state, event.department) == (incidents_pb2.INCIDENT_STATE_REPORTED, CENTRE)
    assert (CLOCK, str(incident.id)) in uow.dues


def test_what_is_not_filed_is_no_main_incident() -> None:
    with pytest.raises(Refusal) as refused:
        steps.merge(samples.incident(), steps.reported())
    assert refused.value.reason == "MAIN_UNFIT"
