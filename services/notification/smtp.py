"""Sends mails by SMTP. One connection per mail: notices are few, and a kept connection would have to be mended."""

from __future__ import annotations

import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from services.chassis import telemetry
from services.chassis.call import outside_transaction
from services.kernel.clock import Clock, SystemClock
from services.notification.config import NotificationSettings
from services.notification.domain.mails import Mail, MailDelayed, MailRefused


class SmtpMailer:
    """Hands mails to the mail server that the settings name."""

    def __init__(self, settings: NotificationSettings, clock: Clock | None = None) -> None:
        self._url = urlsplit(settings.smtp_url.reveal())
        self._from = settings.mail_from
        self._timeout = settings.mail_timeout_s
        self._clock = clock or SystemClock()

    def send(self, mail: Mail) -> None:
        """Send one mail. Raises MailRefused on a 5xx answer to it, MailDelayed on anything that may pass.

        Neither says more than the reply's code: answers of mail servers quote addresses.
        """
        outside_transaction("smtp")
        message = self._message(mail)
        attributes = {
            "network.protocol.name": "smtp",
            "server.address": self._url.hostname or "",
            "egov.notice.channel": "email",
        }
        with telemetry.span("smtp send", kind="client", attributes=attributes):
            connection = self._connect()
            try:
                connection.send_message(message, self._from, [mail.to])
            except smtplib.SMTPRecipientsRefused as error:
                raise _verdict([code for code, _ in error.recipients.values()]) from None
            except smtplib.SMTPResponseException as error:
                raise _verdict([error.smtp_code]) from None
            except smtplib.SMTPNotSupportedError:
                raise MailRefused from None
            except (smtplib.SMTPException, OSError):
                raise MailDelayed from None
            finally:
                _leave(connection)

    def _connect(self) -> smtplib.SMTP:
        """A connection; signed in, and then encrypted, when the settings hold a password.

        Whatever fails here is about us and the server, not about this mail: an operator mends it, so MailDelayed.
        """
        try:
            connection = self._open()
        except (smtplib.SMTPException, OSError):
            raise MailDelayed from None
        try:
            if self._url.password and self._url.scheme == "smtp":
                connection.starttls(context=ssl.create_default_context())
            if self._url.password:
                connection.login(unquote(self._url.username or ""), unquote(self._url.password))
        except (smtplib.SMTPException, OSError):
            connection.close()
            raise MailDelayed from None
        return connection

    def _open(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port or 465, timeout=self._timeout, context=ssl.create_default_context())
        return smtplib.SMTP(host, port or 25, timeout=self._timeout)

    def _message(self, mail: Mail) -> EmailMessage:
        """The mail as bytes will have it. Raises MailRefused when its address is none."""
        domain = self._from.rpartition("@")[2]
        message = EmailMessage()
        try:
            message["To"] = Address(addr_spec=mail.to)
        except (ValueError, IndexError, MessageError):
            raise MailRefused from None
        message["From"] = self._from
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{mail.notice_id}@{domain}>"
        if mail.case_number:
            # Mail programs show the mails of one case as one thread.
            message["References"] = f"<{mail.case_number}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = mail.language
        message.set_content(mail.body)
        return message


def _verdict(codes: list[int]) -> MailRefused | MailDelayed:
    refused = all(500 <= code <= 599 for code in codes)
    return MailRefused(codes[0]) if refused else MailDelayed(codes[0])


def _leave(connection: smtplib.SMTP) -> None:
    """End politely; the mail's fate is known by now, so a failure here says nothing."""
    try:
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()
