"""What is beside the plain way, through the gateway: more time, second returns, duplicates, and who may do what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local.client import ApiError, Gateway, TokenSource
from deploy.local.people import People
from tests.integration.grid.test_service import INCIDENTS, RUBBISH, change, dispatched, filed, refusal, verified
from tests.waiting import wait_for

UNCLEAR = {"reason": "RETURN_REASON_UNCLEAR"}


def shown(gateway: Gateway, door: TokenSource, incident: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = gateway.get(f"{INCIDENTS}/{incident['incidentId']}", door=door).body["incident"]
    return found


def actions(gateway: Gateway, door: TokenSource, incident: dict[str, Any]) -> list[str]:
    answer = gateway.get(f"{INCIDENTS}/{incident['incidentId']}/actions", door=door).body
    assert answer["version"] == incident["version"]
    return [each["command"] for each in answer["actions"]]


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_hold_and_an_extension(gateway: Gateway, people: People) -> None:
    seat, officer = people.seat("371102"), people.officer("371102-CGJ")
    accepted = change(gateway, officer, dispatched(gateway, people), "accept")
    assert actions(gateway, officer, accepted) == ["HANDLE", "RETURN", "ASK_EXTENSION", "ASK_HOLD"]
    asked = change(gateway, officer, accepted, "askHold", reason="备件未到", reviewAt=in_days(10))
    assert actions(gateway, seat, asked) == ["GRANT_HOLD", "REFUSE_TIME"]
    assert refusal(gateway, officer, asked, "askExtension", reason="雨", units=1) == (400, "TIME_ASKED_ALREADY")
    held = change(gateway, seat, asked, "decideTime", granted=True)
    assert (held["state"], held["deadline"], held["holdReason"]) == (
        "INCIDENT_STATE_ON_HOLD", held["reviewAt"], "备件未到",
    )  # fmt: skip
    listed = gateway.get(INCIDENTS, {"state": "INCIDENT_STATE_ON_HOLD"}, door=seat).body["incidents"]
    assert held in listed
    clocks = gateway.get(f"{INCIDENTS}/{held['incidentId']}/clocks", door=officer).body["clocks"]
    assert clocks[-1]["verdict"] == "CLOCK_VERDICT_PAUSED"
    resumed = change(gateway, officer, held, "resume")
    asked = change(gateway, officer, resumed, "askExtension", reason="雨天停工", units=1)
    longer = change(gateway, seat, asked, "decideTime", granted=True)
    assert longer["handleBy"] > resumed["handleBy"]
    assert refusal(gateway, officer, longer, "askExtension", reason="雨", units=1) == (400, "EXTENDED_ALREADY")


def test_stages_are_done_one_after_the_other(gateway: Gateway, people: People) -> None:
    officer, building = people.officer("371102-CGJ"), RUBBISH | {"code": "06001"}
    incident = filed(gateway, people, type=building)
    sent = change(gateway, people.seat("371102"), incident, "dispatch", urgency="URGENCY_URGENT")
    accepted = change(gateway, officer, sent, "accept")
    assert (accepted["stage"], [each["limit"] for each in accepted["stages"]]) == (1, [2, 3, 10])
    assert "PROGRESS" in actions(gateway, officer, accepted)
    assert refusal(gateway, officer, accepted, "reportProgress") == (400, "INVALID_ARGUMENT")
    second = change(gateway, officer, accepted, "reportProgress", conditionMet=True)
    assert (second["stage"], second["handleBy"] > accepted["handleBy"]) == (2, True)
    path = f"{INCIDENTS}/{second['incidentId']}"
    stage = gateway.get(f"{path}/actions", door=officer).body["stage"]
    assert (stage["doneWhen"]["zhCn"], stage["of"], stage["late"]) == ("处罚决定书已送达", 3, False)
    clocks = gateway.get(f"{path}/clocks", door=officer).body["clocks"]
    assert [(each["stage"], each["verdict"]) for each in clocks if each["stage"]] == [
        (1, "CLOCK_VERDICT_KEPT"), (2, "CLOCK_VERDICT_RUNNING"),
    ]  # fmt: skip


def test_a_second_return_is_decided_with_binding_effect(gateway: Gateway, people: People) -> None:
    seat, first, second = people.seat("371102"), people.officer("371102-CGJ"), people.officer("371102-HBJ")
    back = change(gateway, first, dispatched(gateway, people), "return", **UNCLEAR)
    sent = change(gateway, seat, back, "dispatch", department="371102-HBJ")
    referred = change(gateway, second, sent, "return", **UNCLEAR)
    assert (referred["state"], referred["coordinator"], referred["returns"]) == (
        "INCIDENT_STATE_REFERRED", "371102-ZHZX", 2,
    )  # fmt: skip
    assert refusal(gateway, seat, referred, "dispatch") == (400, "INVALID_ARGUMENT")
    bound = change(gateway, seat, referred, "dispatch", department="371102-CGJ")
    assert bound["binding"]
    assert actions(gateway, first, bound) == ["ACCEPT"]
    assert refusal(gateway, first, bound, "return", **UNCLEAR) == (400, "DISPATCH_BINDS")


def test_whoever_is_late_is_told_what_it_is_now(gateway: Gateway, people: People) -> None:
    officer, sent = people.officer("371102-CGJ"), dispatched(gateway, people)
    accepted = change(gateway, officer, sent, "accept")
    with pytest.raises(ApiError) as refused:
        change(gateway, officer, sent, "return", **UNCLEAR)
    assert refused.value.reason == "STALE_VERSION"
    assert refused.value.metadata == {"version": accepted["version"], "state": "ACCEPTED", "holder": "371102-CGJ"}


def test_a_duplicate_ends_with_its_main_incident_and_is_rated_by_its_reporter(gateway: Gateway, people: People) -> None:
    seat, main, duplicate = people.seat("371102"), verified(gateway, people), filed(gateway, people)
    merged = change(gateway, seat, duplicate, "merge", mainIncidentId=main["incidentId"])
    assert (merged["mainCaseNumber"], merged["caseNumber"]) == (main["caseNumber"], duplicate["caseNumber"])
    change(gateway, seat, main, "close", outcome="CLOSING_OUTCOME_HANDLED")
    wait_for("the duplicate is closed", lambda: shown(gateway, seat, merged)["state"] == "INCIDENT_STATE_CLOSED")
    closed = shown(gateway, people.citizens, merged)
    assert (closed["closingOutcome"], closed["mainIncidentId"]) == ("CLOSING_OUTCOME_HANDLED", main["incidentId"])
    assert actions(gateway, people.citizens, closed) == ["REOPEN", "RATE"]
    rated = change(gateway, people.citizens, closed, "rate", satisfaction="SATISFACTION_SATISFIED")
    again = {"satisfaction": "SATISFACTION_NEUTRAL"}
    assert refusal(gateway, people.citizens, rated, "rate", **again) == (400, "RATED_ALREADY")


def test_what_was_filed_by_mistake_is_voided_for_good(gateway: Gateway, people: People) -> None:
    seat, incident = people.seat("371102"), filed(gateway, people)
    voided = change(gateway, seat, incident, "void", reason="测试数据")
    assert (voided["state"], voided["holderDepartment"]) == ("INCIDENT_STATE_VOIDED", "")
    assert refusal(gateway, people.citizens, voided, "reopen") == (400, "WRONG_STATE")
    assert actions(gateway, seat, voided) == []
