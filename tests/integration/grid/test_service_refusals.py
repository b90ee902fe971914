"""What the service refuses of incidents, and to whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local.client import ApiError, Gateway
from deploy.local.people import People
from tests.integration.grid.test_service import (
    ELSEWHERE,
    HANDLED,
    INCIDENTS,
    RUBBISH,
    change,
    dispatched,
    filed,
    refusal,
    verified,
)

FUTURE = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


NO_TYPE = ({"type": {**RUBBISH, "code": "99999"}}, ("report.type", "TYPE_UNKNOWN"))


NO_REGION = ({"region": "371199999999"}, ("report.region", "REGION_UNKNOWN"))


TOO_EARLY = ({"seenAt": FUTURE}, ("report.seen_at", "SEEN_IN_FUTURE"))


TOO_LONG = ({"description": "长" * 2001}, ("report.description", "TOO_LONG"))


WRONG_CHECK = (
    {"reporterCitizenNumber": "110105194912310021"},
    ("report.reporter_citizen_number", "CODE_CITIZEN_NUMBER_CHECK"),
)


@pytest.mark.parametrize(
    "faults",
    [[NO_TYPE], [NO_REGION], [TOO_EARLY], [TOO_LONG], [WRONG_CHECK], [NO_TYPE, NO_REGION, TOO_EARLY]],
    ids=lambda faults: "+".join(rule for _, (_, rule) in faults),
)
def test_a_bad_report_is_refused_with_everything_that_is_wrong(
    gateway: Gateway, people: People, faults: list[tuple[dict[str, Any], tuple[str, str]]]
) -> None:
    changes = {name: value for said, _ in faults for name, value in said.items()}
    with pytest.raises(ApiError) as refused:
        filed(gateway, people, **changes)
    assert (refused.value.http_status, refused.value.reason) == (400, "INVALID_ARGUMENT")
    assert {(field, rule) for field, rule, _ in refused.value.violations} == {expected for _, expected in faults}
    assert set(refused.value.texts) == {"zh-CN", "en"}


def test_a_foreign_region_does_not_exist(gateway: Gateway, people: People) -> None:
    incident = filed(gateway, people, region=ELSEWHERE)
    seat = people.seat("371102")
    with pytest.raises(ApiError) as refused:
        gateway.get(f"{INCIDENTS}/{incident['incidentId']}", door=seat)
    assert (refused.value.http_status, refused.value.reason) == (404, "INCIDENT_NOT_FOUND")
    with pytest.raises(ApiError) as refused:
        change(gateway, seat, incident, "dispatch")
    assert refused.value.reason == "INCIDENT_NOT_FOUND"
    assert gateway.get(INCIDENTS, {"caseNumber": incident["caseNumber"]}, door=seat).body["incidents"] == []
    assert gateway.get(INCIDENTS, {"region": "371103"}, door=seat).body["incidents"] == []


def test_a_stale_version_is_a_conflict(gateway: Gateway, people: People) -> None:
    incident = dispatched(gateway, people)
    seen = {**incident, "version": "1"}
    assert refusal(gateway, people.seat("371102"), seen, "dispatch") == (409, "STALE_VERSION")


def test_a_command_in_the_wrong_state_is_refused(gateway: Gateway, people: People) -> None:
    seat, officer = people.seat("371102"), people.officer("371102-CGJ")
    incident = filed(gateway, people)
    assert refusal(gateway, seat, incident, "close", **HANDLED) == (400, "WRONG_STATE")
    assert refusal(gateway, people.citizens, incident, "reopen") == (400, "WRONG_STATE")
    sent = change(gateway, seat, incident, "dispatch")
    assert refusal(gateway, seat, sent, "dispatch") == (400, "SAME_DEPARTMENT")
    assert refusal(gateway, officer, sent, "reportHandled") == (400, "WRONG_STATE")
    assert refusal(gateway, seat, sent, "verify", passed=True) == (400, "WRONG_STATE")
    accepted = change(gateway, officer, sent, "accept")
    assert refusal(gateway, officer, accepted, "accept") == (400, "WRONG_STATE")
    assert refusal(gateway, seat, accepted, "dispatch") == (400, "INVALID_ARGUMENT"), "whose work it becomes is said"
    handled = change(gateway, officer, accepted, "reportHandled")
    assert refusal(gateway, seat, handled, "dispatch", department="371102-HBJ") == (400, "WRONG_STATE")


def test_a_step_is_for_whoever_answers_for_it(gateway: Gateway, people: People) -> None:
    officer, other, at_centre = (people.officer(f"371102-{name}") for name in ("CGJ", "SCJG", "ZHZX"))
    sent, denied = dispatched(gateway, people), (403, "NOT_THE_HOLDER")
    coordinator = people.coordinator("371102-CGJ")
    assert refusal(gateway, coordinator, sent, "dispatch", department="371102-HBJ") == denied
    for door in (at_centre, other):
        assert refusal(gateway, door, sent, "accept") == denied
        assert refusal(gateway, door, sent, "return", reason="RETURN_REASON_UNCLEAR") == denied
    accepted = change(gateway, officer, sent, "accept")
    assert refusal(gateway, at_centre, accepted, "reportHandled") == denied


def test_a_step_is_for_the_role_that_may_do_it(gateway: Gateway, people: People) -> None:
    seat, officer, missing = people.seat("371102"), people.officer("371102-CGJ"), (403, "SCOPE_MISSING")
    sent = dispatched(gateway, people)
    assert refusal(gateway, people.operator(), sent, "accept") == missing
    assert refusal(gateway, seat, sent, "accept") == (403, "NOT_THE_HOLDER"), "a seat handles what its centre took on"
    handled = change(gateway, officer, change(gateway, officer, sent, "accept"), "reportHandled")
    assert refusal(gateway, officer, handled, "verify", passed=True) == missing
    passed = change(gateway, seat, handled, "verify", passed=True)
    assert refusal(gateway, officer, passed, "close", **HANDLED) == missing


def test_a_system_without_person_or_scope_moves_nothing(gateway: Gateway, people: People) -> None:
    sent = dispatched(gateway, people)
    for verb, said in (("accept", {}), ("verify", {"passed": True}), ("close", HANDLED)):
        assert refusal(gateway, people.office, sent, verb, **said) == (403, "LEVEL_TOO_LOW")
        assert refusal(gateway, people.citizens, sent, verb, **said) == (403, "SCOPE_MISSING")


def test_only_whoever_reported_reopens(gateway: Gateway, people: People) -> None:
    closed = change(gateway, people.seat("371102"), verified(gateway, people), "close", **HANDLED)
    assert refusal(gateway, people.seat("371102"), closed, "reopen") == (403, "NOT_THE_REPORTER")


def test_a_department_of_elsewhere_is_not_named(gateway: Gateway, people: People) -> None:
    incident, seat = filed(gateway, people), people.seat("371102")
    assert refusal(gateway, seat, incident, "dispatch", department="371103-CGJ") == (400, "INVALID_ARGUMENT")
    sent = change(gateway, seat, incident, "dispatch", department="371102-HBJ")
    assert (sent["holderDepartment"], sent["dispatchReason"]) == ("371102-HBJ", "")
