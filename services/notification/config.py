"""The settings that notification adds to those of every service."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from services.chassis.settings import Secret, setting


def _smtp_url(text: str) -> Secret:
    """A secret, since it may hold a password."""
    parts = urlsplit(text)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.port == 0:
        raise ValueError("must be smtp://host:port or smtps://user:password@host:port")
    return Secret(text)


def _address(text: str) -> str:
    if text.count("@") != 1 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be an e-mail address")
    return text


@dataclass(frozen=True, kw_only=True)
class NotificationSettings:
    """What notification is told from outside."""

    smtp_url: Secret = setting(
        "SMTP_URL",
        "mail server: smtp://host:port, with STARTTLS where a password is given; or smtps://user:password@host:port",
        parse=_smtp_url,
    )
    mail_from: str = setting("MAIL_FROM", "e-mail address that notices come from", parse=_address)
    mail_timeout_s: float = setting(
        "MAIL_TIMEOUT_S", "seconds that one answer of the mail server may take", default=10.0
    )
    mail_retry_s: float = setting(
        "MAIL_RETRY_S",
        "seconds before the second try of a mail; each wait is twice as long, an hour at most",
        default=30.0,
    )
