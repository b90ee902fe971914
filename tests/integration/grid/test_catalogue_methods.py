"""The catalogue through the gateway: imports, previews and counts, and every refusal with its reason."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.client import ApiError, Gateway
from deploy.local.people import People

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"
NAMES = ("incident_types.csv", "dispatch_rules.csv", "stages.csv", "code_mappings.csv")
STANDARD = "GB/T 47678.5-2026"
RUBBISH = {"standard": STANDARD, "kind": "INCIDENT_KIND_EVENT", "code": "06010"}
BUILDING = {**RUBBISH, "code": "06001"}
FAR = "2099-01-01T00:00:00Z"


def sheets(**changed: tuple[str, str]) -> list[dict[str, str]]:
    """The sample's sheets; in some of them one text stands for another."""
    sent = []
    for name in NAMES:
        text = (SAMPLE / name).read_text("utf-8").replace(*changed.get(name.removesuffix(".csv"), ("", "")))
        sent.append({"name": name, "content": base64.b64encode(text.encode()).decode()})
    return sent


def imported(gateway: Gateway, people: People, **said: Any) -> dict[str, Any]:
    body = {"sheets": sheets(), **said}
    answer: dict[str, Any] = gateway.post("/v1/catalogues:import", body, door=people.operator()).body
    return answer


def filed(gateway: Gateway, people: People, **changes: Any) -> dict[str, Any]:
    report = {"type": RUBBISH, "region": "371102001001", "description": "巷口垃圾堆放", **changes}
    answer: dict[str, Any] = gateway.post("/v1/incidents", {"report": report}, door=people.citizens).body["incident"]
    return answer


def today(**said: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "filedFrom": (now - timedelta(days=1)).isoformat(),
        "filedUntil": (now + timedelta(days=1)).isoformat(),
        **said,
    }


def test_the_catalogue_in_force_is_not_taken_again(gateway: Gateway, people: People) -> None:
    answer = imported(gateway, people)
    assert (answer["outcome"], answer["faults"]) == ("CATALOGUE_OUTCOME_UNCHANGED", [])
    assert (answer["types"], answer["mappings"]) == (409, 5)


def test_a_catalogue_waits_for_its_moment(gateway: Gateway, people: People) -> None:
    more = sheets(dispatch_rules=(",CGJ,4,,暴露", ",CGJ,3,,暴露"))
    checked = imported(gateway, people, sheets=more, effectiveFrom=FAR, dryRun=True)
    assert (checked["outcome"], checked.get("version")) == ("CATALOGUE_OUTCOME_CHECKED", None)
    answer = imported(gateway, people, sheets=more, effectiveFrom=FAR)
    assert (answer["outcome"], answer["version"]["effectiveFrom"]) == ("CATALOGUE_OUTCOME_IMPORTED", FAR)
    again = imported(gateway, people, sheets=more, effectiveFrom=FAR)
    assert (again["outcome"], again["version"]) == ("CATALOGUE_OUTCOME_UNCHANGED", answer["version"])
    listed = gateway.get("/v1/catalogues", {"page.pageSize": "1"}, door=people.operator()).body
    assert listed["catalogues"] == [answer["version"]]


def test_with_one_fault_nothing_is_taken(gateway: Gateway, people: People) -> None:
    answer = imported(gateway, people, sheets=sheets(stages=("normal,3", "someday,3")), effectiveFrom=FAR)
    assert (answer["outcome"], answer.get("version"), answer["types"]) == ("CATALOGUE_OUTCOME_FAULTY", None, 0)
    [fault] = answer["faults"]
    assert (fault["sheet"], fault["line"], fault["column"], fault["columnNumber"]) == ("stages.csv", 4, "urgency", 4)
    assert (fault["rule"], fault["textEn"]) == ("sheet_urgency", "must be normal, urgent or very_urgent")
    assert "特急" in fault["textZh"]


def test_a_sheet_that_is_too_long_is_refused_by_its_limit(gateway: Gateway, people: People) -> None:
    long = {"name": NAMES[0], "content": base64.b64encode(b"x" * 180_001).decode()}
    with pytest.raises(ApiError) as refused:
        imported(gateway, people, sheets=[long])
    assert refused.value.reason == "INVALID_ARGUMENT"
    assert [field for field, *_ in refused.value.violations] == ["sheets[0].content"]


def test_the_past_is_closed(gateway: Gateway, people: People) -> None:
    with pytest.raises(ApiError) as refused:
        changed = sheets(dispatch_rules=(",CGJ,4,,暴露", ",CGJ,2,,暴露"))
        imported(gateway, people, sheets=changed, effectiveFrom="2026-01-01T00:00:00Z")
    assert [rule for _, rule, _ in refused.value.violations] == ["EFFECTIVE_IN_PAST"]


def test_only_operators_import(gateway: Gateway, people: People) -> None:
    with pytest.raises(ApiError) as refused:
        gateway.post("/v1/catalogues:import", {"sheets": sheets()}, door=people.seat("371102"))
    assert refused.value.reason == "SCOPE_MISSING"


def test_types_show_stages_and_former_codes(gateway: Gateway) -> None:
    found = gateway.get("/v1/incidentTypes", {"categoryCode": "06", "kind": "INCIDENT_KIND_EVENT"}).body["types"]
    by_code = {each["key"]["code"]: each for each in found}
    assert [each["code"] for each in by_code["06010"]["formerKeys"]] == ["0110"]
    stages = by_code["06001"]["stages"]
    assert [(each["limit"], each["unit"]) for each in stages] == [
        (4, "TIME_UNIT_WORKING_HOUR"), (7, "TIME_UNIT_WORKING_DAY"), (20, "TIME_UNIT_WORKING_DAY"),
        (2, "TIME_UNIT_WORKING_HOUR"), (3, "TIME_UNIT_WORKING_DAY"), (10, "TIME_UNIT_WORKING_DAY"),
    ]  # fmt: skip
    assert {each["counting"] for each in stages[:3]} == {"STAGE_COUNTING_WHOLE"}
    assert {each["counting"] for each in stages[3:]} == {"STAGE_COUNTING_STAGE"}


def test_types_are_shown_as_they_are_at_a_moment(gateway: Gateway, people: People) -> None:
    later, named = "2098-01-01T00:00:00Z", ("暴露垃圾,", "露天垃圾,")
    imported(gateway, people, sheets=sheets(incident_types=named), effectiveFrom=later)
    asked = {"categoryCode": "06", "kind": "INCIDENT_KIND_EVENT"}
    now, then = (gateway.get("/v1/incidentTypes", {**asked, **at}).body for at in ({}, {"inForceAt": later}))
    names = [{each["key"]["code"]: each["name"] for each in listed["types"]}["06010"] for listed in (now, then)]
    assert names == ["暴露垃圾", "露天垃圾"]


def test_an_urgent_case_has_the_time_of_its_urgency(gateway: Gateway, people: People) -> None:
    seat, pipe = people.seat("371102"), {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "91002"}
    incident = filed(gateway, people, type=pipe)
    body = {"version": incident["version"], "urgency": "URGENCY_URGENT"}
    path = f"/v1/incidents/{incident['incidentId']}"
    gateway.post(f"{path}:dispatch", body, door=seat)
    clocks = gateway.get(f"{path}/clocks", door=seat).body["clocks"]
    assert [each["limit"] for each in clocks if each["kind"] == "CLOCK_KIND_HANDLE"] == [2]


def test_cases_are_counted_by_the_codes_of_either_standard(gateway: Gateway, people: People) -> None:
    incident = filed(gateway, people)
    filed(gateway, people, type=BUILDING)
    asked = today(region=incident["report"]["region"])
    path, seat = "/v1/incidents:countByType", people.seat("371102")
    now = gateway.get(path, {**asked, "standard": STANDARD}, door=seat).body
    then = gateway.get(path, {**asked, "standard": "GB/T 30428.2-2013"}, door=seat).body
    assert now["total"] == then["total"]
    rubbish = {each["type"]["code"]: each["count"] for each in now["counts"]}["06010"]
    assert [(each["type"]["code"], each["name"], each["count"]) for each in then["counts"]] == [
        ("0110", "暴露垃圾", rubbish)
    ]
    unmapped = {each["type"]["code"]: each["reason"] for each in then["unmapped"]}
    assert unmapped["06001"] == "UNMAPPED_REASON_NO_MAPPING"
    for each in (now, then):
        of_categories = sum(int(one["count"]) for one in each["categories"]) + int(each["withoutCategory"])
        assert of_categories == int(each["total"])
        assert set(each["leftOut"]) == {"notFiledYet", "declined", "duplicates", "voided"}
        assert sum(int(one["count"]) for one in each["counts"] + each["unmapped"]) == int(each["total"])


def test_a_catalogue_is_tried_on_past_cases(gateway: Gateway, people: People) -> None:
    seat, incident = people.seat("371102"), filed(gateway, people)
    gateway.post(f"/v1/incidents/{incident['incidentId']}:dispatch", {"version": incident["version"]}, door=seat)
    changed = sheets(dispatch_rules=("06010,,CGJ,4", "06010,,ZJJ,6"))
    pages: list[dict[str, Any]] = []
    token = ""
    while token or not pages:
        body = today(sheets=changed, page={"pageSize": 20, "pageToken": token})
        pages.append(gateway.post("/v1/catalogues:preview", body, door=people.operator()).body)
        token = pages[-1]["page"]["nextPageToken"]
    found = {each["incidentId"]: each for page in pages for each in page["cases"]}[incident["incidentId"]]
    assert (found["before"]["department"], found["after"]["department"]) == ("371102-CGJ", "371102-ZJJ")
    assert (found["before"]["limit"], found["after"]["limit"]) == (4, 6)
    assert found["differences"][:2] == ["RULING_DIFFERENCE_DEPARTMENT", "RULING_DIFFERENCE_LIMIT"]
    assert found["caseNumber"] == incident["caseNumber"]


def test_a_range_that_is_too_long_is_refused(gateway: Gateway, people: People) -> None:
    asked = {"filedFrom": "2025-01-01T00:00:00Z", "filedUntil": "2026-06-01T00:00:00Z"}
    with pytest.raises(ApiError) as refused:
        gateway.post("/v1/catalogues:preview", {**asked, "sheets": sheets()}, door=people.operator())
    assert [rule for _, rule, _ in refused.value.violations] == ["RANGE_WRONG"]
    with pytest.raises(ApiError) as refused:
        gateway.get("/v1/incidents:countByType", {**asked, "standard": STANDARD}, door=people.seat("371102"))
    assert [rule for _, rule, _ in refused.value.violations] == ["RANGE_WRONG"]
