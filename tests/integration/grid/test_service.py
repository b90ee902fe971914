"""Grid through the gateway, with tokens of the sample city: what it does, and every refusal with its reason."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.client import ApiError, Gateway, TokenSource
from deploy.local.people import People

REGION, ELSEWHERE = "371102001001", "371103103202"
RUBBISH = {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": "06010"}
INCIDENTS = "/v1/incidents"
HANDLED = {"outcome": "CLOSING_OUTCOME_HANDLED"}


def report(**changes: Any) -> dict[str, Any]:
    return {"report": {"type": RUBBISH, "region": REGION, "description": "巷口垃圾堆放", **changes}}


def filed(gateway: Gateway, people: People, **changes: Any) -> dict[str, Any]:
    incident: dict[str, Any] = gateway.post(INCIDENTS, report(**changes), door=people.citizens).body["incident"]
    return incident


def dispatched(gateway: Gateway, people: People) -> dict[str, Any]:
    incident = filed(gateway, people)
    return change(gateway, people.seat("371102"), incident, "dispatch")


def change(gateway: Gateway, door: TokenSource, incident: dict[str, Any], verb: str, **said: Any) -> dict[str, Any]:
    body = {"version": incident["version"], **said}
    changed: dict[str, Any] = gateway.post(f"{INCIDENTS}/{incident['incidentId']}:{verb}", body, door=door).body
    return changed["incident"]  # type: ignore[no-any-return]


def verified(gateway: Gateway, people: People) -> dict[str, Any]:
    seat, officer = people.seat("371102"), people.officer("371102-CGJ")
    accepted = change(gateway, officer, dispatched(gateway, people), "accept")
    handled = change(gateway, officer, accepted, "reportHandled")
    return change(gateway, seat, handled, "verify", passed=True)


def test_an_incident_goes_the_full_circle(gateway: Gateway, people: People) -> None:
    seat, officer = people.seat("371102"), people.officer("371102-CGJ")
    answer = gateway.post(INCIDENTS, report(reference="SSP-1"), door=people.citizens)
    first = answer.body["incident"]
    assert first["caseNumber"] == answer.case_number
    assert (first["state"], first["holderDepartment"]) == ("INCIDENT_STATE_FILED", "371102-ZHZX")
    assert first["reporter"] == {"kind": "PARTY_KIND_CLIENT", "id": "rizhao-ssp"}
    sent = change(gateway, seat, first, "dispatch")
    assert (sent["state"], sent["holderDepartment"]) == ("INCIDENT_STATE_DISPATCHED", "371102-CGJ")
    assert "06010" in sent["dispatchReason"]
    back = change(gateway, officer, sent, "return", reason="RETURN_REASON_NOT_OUR_DUTY")
    assert (back["state"], back["holderDepartment"], back["returnedBy"]) == (
        "INCIDENT_STATE_FILED", "371102-ZHZX", "371102-CGJ",
    )  # fmt: skip
    assert refusal(gateway, seat, back, "dispatch") == (400, "CATALOGUE_RETURNED")
    accepted = change(gateway, officer, change(gateway, seat, back, "dispatch", department="371102-CGJ"), "accept")
    assert (accepted["state"], accepted["deadline"]) == ("INCIDENT_STATE_ACCEPTED", accepted["handleBy"])
    handled = change(gateway, officer, accepted, "reportHandled")
    assert (handled["state"], handled["holderDepartment"]) == ("INCIDENT_STATE_HANDLED", "371102-ZHZX")
    again = change(gateway, seat, handled, "verify", passed=False)
    assert (again["state"], again["holderDepartment"]) == ("INCIDENT_STATE_ACCEPTED", "371102-CGJ")
    passed = change(gateway, seat, change(gateway, officer, again, "reportHandled"), "verify", passed=True)
    closed = change(gateway, seat, passed, "close", outcome="CLOSING_OUTCOME_HANDLED")
    assert (closed["state"], closed["version"], closed["holderDepartment"]) == ("INCIDENT_STATE_CLOSED", "10", "")
    shown = gateway.get(f"{INCIDENTS}/{first['incidentId']}", door=people.citizens).body["incident"]
    assert shown == closed
    listed = gateway.get(INCIDENTS, {"caseNumber": first["caseNumber"]}, door=officer).body["incidents"]
    assert listed == [closed]
    reopened = change(gateway, people.citizens, closed, "reopen")
    assert (reopened["state"], reopened["holderDepartment"]) == ("INCIDENT_STATE_FILED", "371102-ZHZX")


def test_the_clocks_of_an_incident_are_explained_to_those_of_its_region(gateway: Gateway, people: People) -> None:
    seat = people.seat("371102")
    building = filed(gateway, people, type={**RUBBISH, "code": "06001"})
    incident = change(gateway, seat, building, "dispatch")
    path = f"{INCIDENTS}/{incident['incidentId']}/clocks"
    clocks = gateway.get(path, door=people.officer("371102-CGJ")).body["clocks"]
    assert [(each["kind"], each["unit"], each["limit"]) for each in clocks] == [
        ("CLOCK_KIND_DISPATCH", "TIME_UNIT_CLOCK_HOUR", 24), ("CLOCK_KIND_ACCEPT", "TIME_UNIT_CLOCK_HOUR", 24),
        ("CLOCK_KIND_HANDLE", "TIME_UNIT_WORKING_HOUR", 4),
    ]  # fmt: skip
    assert clocks[0]["verdict"] == "CLOCK_VERDICT_KEPT"
    assert clocks[2]["dueAt"] == incident["handleBy"]
    for each in clocks:
        assert sum(entry["counted"] for entry in each["entries"]) == pytest.approx(each["spent"])
        assert all(one["endsAt"] == other["beginsAt"] for one, other in pairwise(each["entries"]))
    assert clocks[0]["entries"][0]["text"] == "Clock hours, which pass always."
    with pytest.raises(ApiError) as refused:
        gateway.get(path, door=people.seat("371121"))
    assert (refused.value.http_status, refused.value.reason) == (404, "INCIDENT_NOT_FOUND")


def test_only_the_centre_is_shown_the_reporters_number(gateway: Gateway, people: People) -> None:
    incident = filed(gateway, people, reporterCitizenNumber="11010519491231002X")
    assert incident["report"]["reporterCitizenNumber"] == ""
    path = f"{INCIDENTS}/{incident['incidentId']}"
    to_centre = gateway.get(path, door=people.seat("371102")).body["incident"]
    assert to_centre["report"]["reporterCitizenNumber"] == "11010519491231002X"
    to_other = gateway.get(path, door=people.officer("371102-SCJG")).body["incident"]
    assert to_other["report"]["reporterCitizenNumber"] == ""


def test_a_doubtful_enterprise_code_is_flagged_and_filed(gateway: Gateway, people: People) -> None:
    assert filed(gateway, people, enterpriseCode="91350100M000100Y44")["enterpriseCodeDoubtful"]


def refusal(gateway: Gateway, door: TokenSource, incident: dict[str, Any], verb: str, **said: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as refused:
        change(gateway, door, incident, verb, **said)
    return refused.value.http_status, refused.value.reason


def test_a_duplicate_is_closed_for_a_reason(gateway: Gateway, people: People) -> None:
    incident, seat = filed(gateway, people), people.seat("371102")
    duplicate = {"outcome": "CLOSING_OUTCOME_DUPLICATE"}
    with pytest.raises(ApiError) as refused:
        change(gateway, seat, incident, "close", **duplicate)
    assert [(field, rule) for field, rule, _ in refused.value.violations] == [("reason", "REASON_NEEDED")]
    closed = change(gateway, seat, incident, "close", **duplicate, reason="与前一件重复")
    assert (closed["state"], closed["closingReason"]) == ("INCIDENT_STATE_CLOSED", "与前一件重复")


def test_a_report_sent_twice_is_filed_once(gateway: Gateway, people: People) -> None:
    key = str(uuid4())
    first, again = (gateway.post(INCIDENTS, report(), door=people.citizens, key=key) for _ in range(2))
    assert first.body == again.body
    with pytest.raises(ApiError) as refused:
        gateway.post(INCIDENTS, report(address="elsewhere"), door=people.citizens, key=key)
    assert (refused.value.http_status, refused.value.reason) == (400, "KEY_REUSED")


def test_lists_go_on_where_they_stopped(gateway: Gateway, people: People) -> None:
    expected = [filed(gateway, people)["incidentId"] for _ in range(3)][::-1]
    shown, token = [], ""
    for _ in range(3):
        query = {"page.pageSize": "1", "page.pageToken": token, "region": REGION}
        body = gateway.get(INCIDENTS, query, door=people.citizens).body
        shown += [incident["incidentId"] for incident in body["incidents"]]
        token = body["page"]["nextPageToken"]
    assert shown == expected
    with pytest.raises(ApiError) as refused:
        gateway.get(INCIDENTS, {"page.pageToken": "x"}, door=people.citizens)
    assert [rule for _, rule, _ in refused.value.violations] == ["PAGE_TOKEN_INVALID"]


def test_the_catalogue_is_for_everybody(gateway: Gateway) -> None:
    query = {"kind": "INCIDENT_KIND_EVENT", "categoryCode": "90"}
    types = gateway.get("/v1/incidentTypes", query).body["types"]
    assert {each["key"]["code"] for each in types} >= {"90001", "90002"}
    assert all(each["local"] for each in types)
