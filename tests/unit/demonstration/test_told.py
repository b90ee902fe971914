from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from deploy.local.client import Answer, TokenSource
from deploy.local.demonstration.cast import DEPARTMENT, Inbox
from deploy.local.demonstration.mails import Letterbox
from deploy.local.demonstration.told import Told

CASE = "371102-20261123-2000427-K"


class Token:
    """A source of tokens that has one."""

    def token(self) -> str:
        return "token"


class Inboxes:
    """A gateway that knows notices: mailbox to notices, newest first."""

    def __init__(self) -> None:
        self.notices: dict[str, list[dict[str, Any]]] = {}

    def get(self, path: str, query: Mapping[str, str] | None = None, *, door: TokenSource | None = None) -> Answer:
        assert (path, query and query.get("caseNumber", CASE)) == ("/v1/notices", CASE)
        return Answer({"notices": self.notices.get((query or {})["mailbox"], [])}, "", "", 0, 1)

    def put(self, inbox: Inbox, template: str, email: str, subject: str = CASE) -> None:
        notice = {"template": template, "emailState": f"EMAIL_STATE_{email}", "texts": [{"subject": subject}]}
        self.notices[inbox.mailbox] = [notice]


CITIZEN = Inbox("citizen app", Token())
CENTRE = Inbox("371102-ZHZX", Token(), DEPARTMENT)


def test_notices_have_come_when_every_inbox_has_its_own() -> None:
    gateway = Inboxes()
    notices, _ = Told(gateway, None).effects(CASE, CASE, (CITIZEN, "incident-filed"), (CENTRE, "incident-filed"))
    gateway.put(CITIZEN, "incident-filed/1", "NONE")
    assert not notices.seen()
    gateway.put(CENTRE, "incident-dispatched/1", "PENDING")
    assert not notices.seen()
    gateway.put(CENTRE, "incident-filed/1", "PENDING")
    assert notices.seen()
    assert notices.says() == "notices: citizen app, 371102-ZHZX"


def test_mails_are_out_when_no_notice_waits_for_its_own() -> None:
    gateway = Inboxes()
    notices, mails = Told(gateway, None).effects(CASE, CASE, (CITIZEN, "incident-filed"), (CENTRE, "incident-filed"))
    assert not mails.seen()
    gateway.put(CITIZEN, "incident-filed/1", "NONE")
    gateway.put(CENTRE, "incident-filed/1", "PENDING")
    assert notices.seen() and not mails.seen()
    gateway.put(CENTRE, "incident-filed/1", "SENT")
    assert mails.seen()
    assert mails.says() == "mails: 371102-ZHZX"


def test_a_mail_that_was_given_up_is_not_out() -> None:
    gateway = Inboxes()
    notices, mails = Told(gateway, None).effects(CASE, CASE, (CENTRE, "incident-filed"))
    gateway.put(CENTRE, "incident-filed/1", "FAILED")
    assert notices.seen() and not mails.seen()


def test_the_holders_mails_are_counted_step_by_step(tmp_path: Path) -> None:
    gateway, letterbox = Inboxes(), Letterbox(tmp_path, "holder@example.org")
    told = Told(gateway, letterbox)
    for number, step in enumerate((1, 2), start=1):
        _, mails = told.effects(CASE, CASE, holder=step)
        assert not mails.seen()
        for each in range(step):
            mail = EmailMessage()
            mail["To"] = "holder@example.org"
            (tmp_path / f"900000000000000{number}-{each}.eml").write_bytes(mail.as_bytes())
        assert mails.seen()
    assert mails.says() == "mails: holder 2"
    assert told.mails_in_the_case() == 3


def test_a_notice_without_a_case_is_known_by_what_its_subject_names() -> None:
    gateway = Inboxes()
    notices, _ = Told(gateway, None).effects("1.2.156.R", "", (CENTRE, "certificate-issued"))
    gateway.put(CENTRE, "certificate-issued/1", "SENT", "Certificate issued: 1.2.156.Q")
    assert not notices.seen()
    gateway.put(CENTRE, "certificate-issued/1", "SENT", "Certificate issued: 1.2.156.R")
    assert notices.seen()
