"""Dispatch by the sample city's rules, through the gateway, and a department's system that takes its work."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from deploy.local.client import ApiError, Gateway
from deploy.local.people import People
from tests.waiting import wait_for

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"
HAWKERS = {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": "09001"}
REGION, INCIDENTS = "371121001001", "/v1/incidents"


def filed(gateway: Gateway, people: People, **changes: Any) -> dict[str, Any]:
    report = {"type": HAWKERS, "region": REGION, "description": "路口游商占道", **changes}
    answer: dict[str, Any] = gateway.post(INCIDENTS, {"report": report}, door=people.citizens).body["incident"]
    return answer


def test_what_a_rule_sends_is_explained_taken_and_numbered(gateway: Gateway, people: People) -> None:
    seat, officer = people.seat("371121"), people.officer("371121-SCJG")
    incident = filed(gateway, people)
    path = f"{INCIDENTS}/{incident['incidentId']}"
    plan = gateway.get("/v1/dispatches:plan", {"type.standard": HAWKERS["standard"], "type.kind": HAWKERS["kind"],
                       "type.code": HAWKERS["code"], "region": REGION}, door=seat).body["planned"]  # fmt: skip
    assert (plan["department"], plan["rules"]) == ("371121-SCJG", [30])
    waits = {"kind": "QUEUE_KIND_TO_DISPATCH", "withPlans": "true", "page.pageSize": "200"}
    queue = gateway.get("/v1/queues:incidents", waits, door=seat).body
    [waiting] = [each for each in queue["plans"] if each["incidentId"] == incident["incidentId"]]
    assert waiting["decision"] == plan
    gateway.post(f"{path}:dispatch", {"version": incident["version"]}, door=seat)
    [kept] = gateway.get(f"{path}/dispatches", door=officer).body["dispatches"]
    assert (kept["version"], kept["decision"]) == ("2", plan)
    assert "Rule 30 because type GB/T 47678.5-2026 event 09001, region 371121" in kept["decision"]["textEn"]

    taken = gateway.post(f"{INCIDENTS}:takeNext", {"departmentNumber": "SC-2026-1"}, door=officer).body["incident"]
    numbers = [{"department": "371121-SCJG", "number": "SC-2026-1"}]
    assert (taken["state"], taken["departmentNumbers"]) == ("INCIDENT_STATE_ACCEPTED", numbers)
    change = {"departmentNumber": "SC-2026-2", "replaces": "SC-2026-1"}
    path = f"{INCIDENTS}/{taken['incidentId']}:setDepartmentNumber"
    assert gateway.post(path, change, door=officer).body["incident"]["departmentNumbers"][0]["number"] == "SC-2026-2"
    found = gateway.get(f"{INCIDENTS}:search", {"departmentNumber": "SC-2026-2"}, door=officer).body["incidents"]
    assert [each["incidentId"] for each in found] == [taken["incidentId"]]


def test_the_same_take_again_has_the_same_answer(gateway: Gateway, people: People) -> None:
    officer, key = people.officer("371121-SCJG"), "take-0001-0001"
    first, again = (gateway.post(f"{INCIDENTS}:takeNext", {}, door=officer, key=key).body for _ in range(2))
    assert first == again


def test_the_rules_in_force_are_not_taken_again_and_only_by_the_city(gateway: Gateway, people: People) -> None:
    sheets = [
        {"name": name, "content": base64.b64encode((SAMPLE / name).read_bytes()).decode()}
        for name in ("routing_rules.csv", "capacities.csv")
    ]
    answer = gateway.post("/v1/routings:import", {"sheets": sheets}, door=people.operator()).body
    assert (answer["outcome"], answer["rules"]) == ("CATALOGUE_OUTCOME_UNCHANGED", 5)
    listed = gateway.get("/v1/routings", {}, door=people.operator()).body["routings"]
    assert listed[0] == answer["version"]
    with pytest.raises(ApiError) as refused:
        gateway.post("/v1/routings:import", {"sheets": sheets}, door=people.seat("371102"))
    assert refused.value.http_status == 403


def test_what_an_automatic_rule_decides_goes_there_by_itself(gateway: Gateway, people: People) -> None:
    incident = filed(gateway, people, type={**HAWKERS, "code": "09006"})
    path = f"{INCIDENTS}/{incident['incidentId']}"

    def sent() -> dict[str, Any]:
        answer: dict[str, Any] = gateway.get(path, door=people.citizens).body["incident"]
        return answer if answer["state"] == "INCIDENT_STATE_DISPATCHED" else {}

    assert wait_for("the dispatch", sent)["holderDepartment"] in ("371121-CGJ", "371121-SCJG")
    [kept] = gateway.get(f"{path}/dispatches", door=people.seat("371121")).body["dispatches"]
    assert kept["decision"]["rules"] in ([10], [11])
