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
    assert actions(gateway, officer, accepted) == ["HANDLE", "RETURN", "ASK_EXTENSION", "ASK_HOLD", "SEND_OUTSIDE"]
    asked = change(gateway, officer, accepted, "askHold", reason="备件未到", reviewAt=in_days(10))
    assert actions(gateway, seat, asked) == ["DISPATCH", "GRANT_HOLD", "REFUSE_TIME", "MERGE"]
    assert refusal(gateway, officer, asked, "askExtension", reason="雨", units=1) == (400, "TIME_ASKED_ALREADY")
    held = change(gateway, seat, asked, "decideTime", granted=True)
    assert (held["state"], held["deadline"], held["holdReason"]) == (
        "INCIDENT_STATE_ON_HOLD", held["reviewAt"], "备件未到",
    )  # fmt: skip
    listed = gateway.get(INCIDENTS, {"state": "INCIDENT_STATE_ON_HOLD"}, door=seat).body["incidents"]
    assert held in listed
    clocks = gateway.get(f"{INCIDENTS}/{held['incidentId']}/clocks", door=officer).body["clocks"]
    assert [(each["kind"], each["verdict"]) for each in clocks[-2:]] == [
        ("CLOCK_KIND_HANDLE", "CLOCK_VERDICT_PAUSED"), ("CLOCK_KIND_DECIDE", "CLOCK_VERDICT_KEPT"),
    ]  # fmt: skip
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
    known = refused.value.metadata
    assert known.pop("at") >= sent["dispatchedAt"][:19]
    assert known == {
        "version": accepted["version"], "state": "ACCEPTED", "holder": "371102-CGJ", "command": "ACCEPT",
    }  # fmt: skip


def test_an_order_from_above_waits_where_it_is_seen_and_work_is_given_to_another(
    gateway: Gateway, people: People
) -> None:
    seat, officer, above = (people.seat("371102"), people.officer("371102-CGJ"), people.coordinator("371102-ZHZX"))
    accepted = change(gateway, officer, dispatched(gateway, people), "accept")
    assert "SUPERVISE" not in actions(gateway, seat, accepted)
    ordered = change(gateway, above, accepted, "supervise", reason="领导批示", answerBy=in_days(2))
    assert (ordered["supervision"]["orderedBy"], ordered["deadline"]) == ("371102-ZHZX", accepted["deadline"])
    assert ordered["incidentId"] in waiting(gateway, officer, "QUEUE_KIND_SUPERVISED")
    asked = change(gateway, officer, ordered, "askHold", reason="备件未到", reviewAt=in_days(10))
    assert asked["incidentId"] in waiting(gateway, seat, "QUEUE_KIND_TO_DECIDE")
    moved = change(gateway, seat, asked, "dispatch", department="371102-HBJ", urgency="URGENCY_URGENT")
    assert (moved["state"], moved["holderDepartment"], moved["urgency"]) == (
        "INCIDENT_STATE_DISPATCHED", "371102-HBJ", "URGENCY_URGENT",
    )  # fmt: skip
    assert moved["supervision"] == ordered["supervision"]
    assert asked["incidentId"] not in waiting(gateway, seat, "QUEUE_KIND_TO_DECIDE")


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


def test_what_was_filed_by_mistake_is_voided_unless_its_reporter_objects(gateway: Gateway, people: People) -> None:
    seat, incident = people.seat("371102"), filed(gateway, people)
    voided = change(gateway, seat, incident, "void", reason="测试数据")
    assert (voided["state"], voided["holderDepartment"]) == ("INCIDENT_STATE_VOIDED", "")
    assert refusal(gateway, people.citizens, voided, "reopen") == (400, "WRONG_STATE")
    assert actions(gateway, seat, voided) == []
    assert actions(gateway, people.citizens, voided) == ["OBJECT"]


PUBLIC = {"source": "REPORT_SOURCE_PUBLIC"}


def waiting(gateway: Gateway, door: TokenSource, kind: str) -> set[str]:
    answer = gateway.get("/v1/queues:incidents", {"kind": kind, "page.pageSize": "200"}, door=door).body
    return {each["incidentId"] for each in answer["incidents"]}


def test_what_a_citizen_reports_is_checked_on_site_before_a_seat_files_it(gateway: Gateway, people: People) -> None:
    collector, seat, incident = people.grid_worker("371102"), people.seat("371102"), filed(gateway, people, **PUBLIC)
    assert (incident["state"], incident["holderDepartment"]) == ("INCIDENT_STATE_REPORTED", "371102-ZHZX")
    assert incident["incidentId"] in waiting(gateway, collector, "QUEUE_KIND_TO_CHECK")
    assert actions(gateway, collector, incident) == ["CONFIRM", "DENY"]
    assert refusal(gateway, people.citizens, incident, "check", found=True)[1] == "LEVEL_TOO_LOW"
    checked = change(gateway, collector, incident, "check", found=True, remark="现场确有垃圾")
    assert actions(gateway, seat, checked) == ["FILE", "DECLINE", "MERGE"]
    assert checked["incidentId"] in waiting(gateway, seat, "QUEUE_KIND_TO_FILE")
    assert change(gateway, seat, change(gateway, seat, checked, "file"), "dispatch")["state"].endswith("DISPATCHED")
    own = shown(gateway, people.citizens, checked)
    assert (own["intake"]["found"], own["intake"]["remark"]) == (True, "")


def test_a_declined_report_says_why_and_may_be_objected_to_once(gateway: Gateway, people: People) -> None:
    seat, incident = people.seat("371102"), filed(gateway, people, **PUBLIC)
    declined = change(gateway, seat, incident, "decline", reason="不属于城市管理事项")
    own = shown(gateway, people.citizens, declined)
    assert (own["state"], own["reply"], own["intake"]["declined"]) == (
        "INCIDENT_STATE_DECLINED", "不属于城市管理事项", "DECLINE_KIND_NOT_ACCEPTED",
    )  # fmt: skip
    assert actions(gateway, people.citizens, own) == ["OBJECT"]
    again = change(gateway, people.citizens, own, "object")
    declined = change(gateway, seat, again, "decline", reason="不属于城市管理事项")
    assert refusal(gateway, people.citizens, declined, "object") == (400, "OBJECTED_ALREADY")


def test_what_is_sent_to_an_outside_body_comes_back_with_its_answer(gateway: Gateway, people: People) -> None:
    officer = people.officer("371102-CGJ")
    accepted = change(gateway, officer, dispatched(gateway, people), "accept")
    said = {"body": "国网日照供电公司", "bodyCode": "SGCC-RZ", "reference": "95598-1", "answerBy": in_days(5)}
    sent = change(gateway, officer, accepted, "sendOutside", **said)
    assert (sent["state"], sent["deadline"]) == ("INCIDENT_STATE_OUTSIDE", said["answerBy"])
    assert actions(gateway, officer, sent) == ["HANDLE", "SEND_OUTSIDE", "OUTSIDE_DONE", "OUTSIDE_UNDONE"]
    assert sent["incidentId"] in waiting(gateway, officer, "QUEUE_KIND_OUTSIDE")
    answer = {"answer": "OUTSIDE_ANSWER_REFUSED", "reason": "产权不属于本公司"}
    back = change(gateway, officer, sent, "outsideAnswer", **answer)
    assert (back["state"], back["outside"]["answerReason"]) == ("INCIDENT_STATE_ACCEPTED", "产权不属于本公司")
    own = shown(gateway, people.citizens, back)["outside"]
    assert (own["body"], own["reference"], own["answerReason"]) == ("国网日照供电公司", "95598-1", "")


def test_the_seat_sends_outside_what_is_filed_and_writes_down_the_answer(gateway: Gateway, people: People) -> None:
    seat, incident = people.seat("371102"), filed(gateway, people)
    assert "SEND_OUTSIDE" in actions(gateway, seat, incident)
    sent = change(gateway, seat, incident, "sendOutside", body="国网日照供电公司", answerBy=in_days(5))
    assert (sent["state"], sent["holderDepartment"]) == ("INCIDENT_STATE_OUTSIDE", "371102-ZHZX")
    back = change(gateway, seat, sent, "outsideAnswer", answer="OUTSIDE_ANSWER_DONE")
    assert change(gateway, seat, back, "reportHandled")["state"] == "INCIDENT_STATE_HANDLED"


def test_duplicates_go_on_with_a_main_incident_that_is_reopened(gateway: Gateway, people: People) -> None:
    seat, main, duplicate = people.seat("371102"), verified(gateway, people), filed(gateway, people)
    merged = change(gateway, seat, duplicate, "merge", mainIncidentId=main["incidentId"])
    closed = change(gateway, seat, main, "close", outcome="CLOSING_OUTCOME_HANDLED", reply="已清理完毕")
    wait_for("the duplicate is closed", lambda: shown(gateway, seat, merged)["state"] == "INCIDENT_STATE_CLOSED")
    assert shown(gateway, people.citizens, closed)["reply"] == "已清理完毕"
    change(gateway, people.citizens, closed, "reopen")
    wait_for("the duplicate goes on", lambda: shown(gateway, seat, merged)["state"] == "INCIDENT_STATE_MERGED")


def test_the_grid_centre_ends_a_hold_with_a_reason(gateway: Gateway, people: People) -> None:
    seat, officer = people.seat("371102"), people.officer("371102-CGJ")
    accepted = change(gateway, officer, dispatched(gateway, people), "accept")
    asked = change(gateway, officer, accepted, "askHold", reason="备件未到", reviewAt=in_days(10))
    held = change(gateway, seat, asked, "decideTime", granted=True)
    assert actions(gateway, seat, held) == ["DISPATCH", "END_HOLD", "MERGE"]
    ended = change(gateway, seat, held, "endHold", reason="备件已到")
    assert (ended["state"], ended["refusalReason"]) == ("INCIDENT_STATE_ACCEPTED", "备件已到")
