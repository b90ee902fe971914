"""Mails, handed to a real mail server that answers as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import Envelope, Session

from services.chassis.settings import ConfigurationError, read
from services.kernel.clock import FixedClock
from services.notification.config import NotificationSettings
from services.notification.domain.mails import Contact, Mail, MailDelayed, MailRefused, compose
from services.notification.smtp import SmtpMailer
from services.notification.wire.notices import letter, letter_payload
from tests.unit.fakes import NOW
from tests.unit.notification.samples import CASE, notices

Serve = Callable[["MailServer"], SmtpMailer]


class MailServer:
    """Takes mails, or refuses with the answers it was given for a recipient or for a mail's text."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK") -> None:
        self._rcpt, self._data = rcpt, data
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []

    async def handle_RCPT(self, server: Server, session: Session, envelope: Envelope, address: str, _: Any) -> str:
        if self._rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self._rcpt

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        if self._data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
            self.envelopes.append(envelope)
        return self._data


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[Controller] = []

    def start(server: MailServer) -> SmtpMailer:
        controller = Controller(server, hostname="127.0.0.1", port=free_port())
        controller.start()
        running.append(controller)
        return mailer(controller.port)

    yield start
    for controller in running:
        controller.stop()


def mailer(port: int) -> SmtpMailer:
    environment = {"SMTP_URL": f"smtp://127.0.0.1:{port}", "MAIL_FROM": "notices@rizhao.example", "MAIL_TIMEOUT_S": "5"}
    return SmtpMailer(read(NotificationSettings, environment), FixedClock(NOW))


def mail(to: str = "wang@rizhao.example") -> Mail:
    [notice, _] = notices()
    return compose(letter(letter_payload(notice)), Contact(to, "zh-CN"))


def test_a_mail_arrives_with_its_notices_id(serve: Serve) -> None:
    server = MailServer()
    mailer, sent = serve(server), mail()
    mailer.send(sent)
    mailer.send(sent)
    first, again = server.mails
    assert first["Message-ID"] == again["Message-ID"] == f"<{sent.notice_id}@rizhao.example>"
    assert first["References"] == f"<{CASE}@rizhao.example>"
    assert (first["From"], first["To"]) == ("notices@rizhao.example", "wang@rizhao.example")
    assert first["Subject"] == f"您反映的问题已立案：{CASE}"
    assert first["Date"].datetime == NOW
    assert first["Auto-Submitted"] == "auto-generated"
    body = first.get_content()
    assert "您反映的问题" in body
    assert "Your report was filed" in body
    assert server.envelopes[0].rcpt_tos == ["wang@rizhao.example"]


@pytest.mark.parametrize(
    ("rcpt", "data", "raised", "code"),
    [
        ("550 no such mailbox", "250 OK", MailRefused, 550),
        ("450 mailbox busy", "250 OK", MailDelayed, 450),
        ("250 OK", "554 not wanted", MailRefused, 554),
        ("250 OK", "451 try later", MailDelayed, 451),
    ],
)
def test_5xx_is_for_good_and_4xx_may_pass(
    serve: Serve, rcpt: str, data: str, raised: type[MailRefused | MailDelayed], code: int
) -> None:
    with pytest.raises(raised) as failed:
        serve(MailServer(rcpt, data)).send(mail())
    assert (str(failed.value), failed.value.reply_code) == ("", code)
    assert failed.value.__suppress_context__


def test_a_server_that_is_away_may_come_back() -> None:
    with pytest.raises(MailDelayed):
        mailer(free_port()).send(mail())


def test_a_mail_of_no_case_belongs_to_no_thread(serve: Serve) -> None:
    server = MailServer()
    serve(server).send(replace(mail(), case_number=""))
    assert server.mails[0]["References"] is None


@pytest.mark.parametrize("greeting", [b"", b"554 closed\r\n", b"nonsense\r\n"])
def test_a_server_that_turns_us_away_may_think_again(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:

        def turn_away() -> None:
            visitor, _ = door.accept()
            visitor.sendall(greeting)
            visitor.close()

        thread = threading.Thread(target=turn_away)
        thread.start()
        with pytest.raises(MailDelayed):
            mailer(door.getsockname()[1]).send(mail())
        thread.join()


@pytest.mark.parametrize("address", ["", "no address", "a@b@c", "a@b\r\nBcc: x@y", "王@rizhao.example", "a@"])
def test_what_is_no_address_is_refused_for_good(serve: Serve, address: str) -> None:
    server = MailServer()
    with pytest.raises(MailRefused):
        serve(server).send(mail(to=address))
    assert server.mails == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SMTP_URL", "127.0.0.1:25"),
        ("SMTP_URL", "smtp://:25"),
        ("SMTP_URL", "smtp://mail.example:99999"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a b@c"),
    ],
)
def test_bad_settings_are_named_without_their_value(key: str, value: str) -> None:
    environment = {"SMTP_URL": "smtp://127.0.0.1:25", "MAIL_FROM": "notices@rizhao.example", key: value}
    with pytest.raises(ConfigurationError) as refused:
        read(NotificationSettings, environment)
    assert key in str(refused.value)
    assert value not in str(refused.value)
