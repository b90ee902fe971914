"""Notices through the gateway: who finds what in which inbox, and what is mailed."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from deploy.local.client import ApiError, Gateway, TokenSource
from deploy.local.people import People
from deploy.local.stack import Stack
from tests.waiting import wait_for

REPORT = {
    "type": {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": "06010"},
    "region": "371102001001",
    "description": "巷口垃圾堆放",
    "reference": "SSP-7",
}


@pytest.fixture(scope="module")
def case(gateway: Gateway, people: People) -> str:
    """The case of a report that the citizens' app filed."""
    return gateway.post("/v1/incidents", {"report": REPORT}, door=people.citizens).case_number


def notices(gateway: Gateway, door: TokenSource, case: str, **query: str) -> list[dict[str, Any]]:
    body = gateway.get("/v1/notices", {"caseNumber": case, **query}, door=door).body
    found: list[dict[str, Any]] = body["notices"]
    return found


def test_reporter_and_centre_find_their_notices(gateway: Gateway, people: People, case: str) -> None:
    [to_reporter] = wait_for("a notice to the reporter", lambda: notices(gateway, people.citizens, case))
    assert to_reporter["template"] == "incident-filed/1"
    assert to_reporter["reference"] == "SSP-7"
    assert [text["language"] for text in to_reporter["texts"]] == ["en", "zh-CN"]
    seat = people.seat("371102")
    [to_centre] = wait_for("a notice to the centre", lambda: notices(gateway, seat, case, mailbox="MAILBOX_DEPARTMENT"))
    assert (to_centre["recipient"]["id"], to_centre["reference"]) == ("371102-ZHZX", "")
    assert notices(gateway, seat, case) == []


def test_the_centre_gets_a_mail_and_the_app_has_no_address(
    gateway: Gateway, people: People, stack: Stack, case: str
) -> None:
    [mail] = wait_for("a mail", lambda: mails(stack, case))
    assert mail["To"] == "zhzx.371102@rizhao.example"
    seat = people.seat("371102")

    def states() -> set[str]:
        shown = notices(gateway, people.citizens, case) + notices(gateway, seat, case, mailbox="MAILBOX_DEPARTMENT")
        return {notice["emailState"] for notice in shown}

    assert wait_for("every mail's state", lambda: states() == {"EMAIL_STATE_NONE", "EMAIL_STATE_SENT"})
    [to_app] = notices(gateway, people.citizens, case)
    [to_centre] = notices(gateway, seat, case, mailbox="MAILBOX_DEPARTMENT")
    assert [each["result"] for each in to_app["receipts"]] == ["ATTEMPT_RESULT_NO_ADDRESS"]
    [receipt] = to_centre["receipts"]
    assert (receipt["channel"], receipt["attempt"]) == ("CHANNEL_EMAIL", 1)
    assert (receipt["result"], receipt["replyCode"]) == ("ATTEMPT_RESULT_TAKEN", 250)


def mails(stack: Stack, case: str) -> list[EmailMessage]:
    folder = stack.where().mail
    assert folder is not None
    kept = (path.read_bytes() for path in folder.rglob("*.eml"))
    parsed = (message_from_bytes(content, _class=EmailMessage, policy=policy.default) for content in kept)
    return [mail for mail in parsed if case in mail["Subject"]]


def test_reading_counts_once_and_unread_shows_the_rest(gateway: Gateway, people: People, case: str) -> None:
    [notice] = wait_for("a notice to the reporter", lambda: notices(gateway, people.citizens, case))
    path = f"/v1/notices/{notice['noticeId']}:markRead"
    first, again = (gateway.post(path, {}, door=people.citizens).body["notice"]["readAt"] for _ in range(2))
    assert first == again
    assert notices(gateway, people.citizens, case, unread="true") == []


def test_nobody_reads_in_another_inbox(gateway: Gateway, people: People, case: str) -> None:
    [notice] = wait_for("a notice to the reporter", lambda: notices(gateway, people.citizens, case))
    with pytest.raises(ApiError) as refused:
        gateway.post(f"/v1/notices/{notice['noticeId']}:markRead", {}, door=people.seat("371102"))
    assert (refused.value.http_status, refused.value.reason) == (404, "NOTICE_NOT_FOUND")


def test_who_has_no_department_has_no_departments_inbox(gateway: Gateway, people: People) -> None:
    with pytest.raises(ApiError) as refused:
        gateway.get("/v1/notices", {"mailbox": "MAILBOX_DEPARTMENT"}, door=people.citizens)
    assert (refused.value.http_status, refused.value.reason) == (403, "NO_DEPARTMENT")


def test_an_attempt_that_failed_leaves_its_receipt(gateway: Gateway, people: People, stack: Stack) -> None:
    seat = people.seat("371102")
    stack.supervisor.stop_part("mail")
    try:
        case = gateway.post("/v1/incidents", {"report": REPORT}, door=people.citizens).case_number

        def receipts() -> list[Any]:
            found = notices(gateway, seat, case, mailbox="MAILBOX_DEPARTMENT")
            return [receipt for notice in found for receipt in notice["receipts"]]

        [receipt] = wait_for("a receipt", receipts)
    finally:
        stack.start_part("mail")
    assert (receipt["result"], receipt["replyCode"]) == ("ATTEMPT_RESULT_DELAYED", 0)
    [notice] = notices(gateway, seat, case, mailbox="MAILBOX_DEPARTMENT")
    assert notice["emailState"] == "EMAIL_STATE_PENDING"
