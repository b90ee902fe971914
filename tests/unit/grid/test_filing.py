from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.grid.domain.incidents import Incident
from services.grid.domain.reports import Report, check_report, only_reports_of
from services.grid.domain.showing import shown_to
from services.grid.domain.states import IncidentState
from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.kernel.regions import Region
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid.samples import CENTRE, DAY, GRID, LIMITS, REPORTER, case_number, report

HERE = Region(GRID)


def check(said: Report, *, known: bool = True, region: Region | None = HERE, centre: str | None = CENTRE) -> None:
    check_report(said, type_in_force=known, region=region, centre=centre, bound="371102", now=NOW)


def rules(refusal: Refusal) -> set[tuple[str, str]]:
    return {(violation.field, violation.rule) for violation in refusal.violations}


def test_a_right_report_passes() -> None:
    check(report(seen_at=NOW - timedelta(days=1)))


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        check(report(seen_at=NOW + timedelta(hours=2)), known=False, region=None, centre=None)
    assert refused.value.kind is Kind.INVALID
    assert rules(refused.value) == {
        ("report.type", "TYPE_UNKNOWN"),
        ("report.region", "REGION_UNKNOWN"),
        ("report.seen_at", "SEEN_IN_FUTURE"),
    }


def test_a_wrong_clock_of_a_phone_is_said_of_what_the_phone_sent() -> None:
    check(report(captured_at=NOW - timedelta(days=365)))
    check(report(captured_at=NOW + timedelta(minutes=59)))
    for captured_at, rule in (
        (NOW + timedelta(hours=3), "CAPTURED_IN_FUTURE"),
        (datetime(2099, 1, 1, tzinfo=UTC), "CAPTURED_IN_FUTURE"),
        (datetime(1970, 1, 2, tzinfo=UTC), "CAPTURED_LONG_AGO"),
    ):
        for seen_at in (None, NOW):
            with pytest.raises(Refusal) as refused:
                check(report(captured_at=captured_at, seen_at=seen_at))
            assert rules(refused.value) == {("captured_at", rule)}


def test_a_closed_region_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        check(report(), region=replace(HERE, valid_until=NOW))
    assert rules(refused.value) == {("report.region", "REGION_CLOSED")}


def test_a_region_that_is_not_in_force_yet_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        check(report(), region=replace(HERE, valid_from=NOW + timedelta(seconds=1)))
    assert rules(refused.value) == {("report.region", "REGION_CLOSED")}


def test_a_region_that_closes_later_is_open() -> None:
    check(report(), region=replace(HERE, valid_until=NOW + timedelta(seconds=1)))


def test_a_foreign_region_is_unknown() -> None:
    with pytest.raises(Refusal) as refused:
        check_report(report(), type_in_force=True, region=HERE, centre=CENTRE, bound="371121", now=NOW)
    assert rules(refused.value) == {("report.region", "REGION_UNKNOWN")}


def test_a_city_wide_caller_reaches_every_county() -> None:
    check_report(report(), type_in_force=True, region=HERE, centre=CENTRE, bound="3711", now=NOW)


def test_a_county_without_centre_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        check(report(), centre=None)
    assert rules(refused.value) == {("report.region", "NO_CENTRE")}


def test_a_phone_may_run_an_hour_ahead() -> None:
    check(report(seen_at=NOW + timedelta(hours=1)))
    with pytest.raises(Refusal) as refused:
        check(report(seen_at=NOW + timedelta(hours=1, microseconds=1)))
    assert rules(refused.value) == {("report.seen_at", "SEEN_IN_FUTURE")}


def file(said: Report) -> Incident:
    return Incident.file(
        said, id=uuid7(), case_number=case_number(), reporter=REPORTER, centre=CENTRE, limits=LIMITS, now=NOW
    )


def test_the_grid_centre_holds_what_was_filed() -> None:
    filed = file(report())
    assert (filed.state, filed.version, filed.holder, filed.owner) == (IncidentState.FILED, 1, CENTRE, CENTRE)
    assert filed.report.seen_at == NOW
    assert filed.deadline == NOW + DAY


def test_a_false_check_character_only_makes_an_enterprise_code_doubtful() -> None:
    assert not file(report()).enterprise_code_doubtful
    assert not file(report(enterprise_code="91350100M000100Y43")).enterprise_code_doubtful
    assert file(report(enterprise_code="91350100M000100Y44")).enterprise_code_doubtful


def test_what_people_wrote_does_not_show_in_a_repr() -> None:
    shown = repr(file(report(address="海滨路1号", reporter_citizen_number="11010519491231002X")))
    assert "垃圾" not in shown
    assert "海滨路" not in shown
    assert "1949" not in shown


def test_only_those_who_answer_for_an_incident_learn_the_reporters_number() -> None:
    filed = file(report(reporter_citizen_number="11010519491231002X"))
    assert shown_to(filed, CENTRE).report.reporter_citizen_number
    for department in (None, "", "371102-HBJ"):
        assert not shown_to(filed, department).report.reporter_citizen_number


def test_who_speaks_for_no_department_is_shown_their_own_reports_only() -> None:
    assert only_reports_of(caller(subject=WANG, department=CENTRE)) is None
    assert only_reports_of(caller(subject=WANG)) == Party("person", WANG)
    assert only_reports_of(caller()) == REPORTER
