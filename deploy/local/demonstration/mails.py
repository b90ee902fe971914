"""The mails that the stack's mail server kept."""

from __future__ import annotations

import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

READ_AT_MOST = 200


def mails_about(folder: Path | None, text: str) -> list[EmailMessage]:
    """The mails among the newest whose subject holds the text, oldest first; none without a folder."""
    paths = sorted(folder.glob("*.eml")) if folder else []
    found = (_read(path) for path in paths[-READ_AT_MOST:])
    return [mail for mail in found if text in str(mail["subject"])]


class Letterbox:
    """The mails to one address since now, each file read once."""

    def __init__(self, folder: Path, address: str) -> None:
        """`folder`: of the mail server; its files are named by the microsecond that they came in."""
        self._folder, self._address = folder, address
        self._last = f"{time.time_ns() // 1000}"
        self._mine: list[EmailMessage] = []

    def mails(self) -> list[EmailMessage]:
        """Those that have come so far, oldest first."""
        fresh = sorted(path for path in self._folder.glob("*.eml") if path.name > self._last)
        for path in fresh:
            mail = _read(path)
            if mail["to"] and self._address in str(mail["to"]):
                self._mine.append(mail)
        self._last = fresh[-1].name if fresh else self._last
        return self._mine


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)
