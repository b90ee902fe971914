"""A mail server that keeps what it is sent: every mail becomes a file, none goes on.

`python -m deploy.local.mail --listen 127.0.0.1:8025 --folder .run/mail`
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
import uuid
from collections import deque
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.errors import StackError

KEPT = int(os.environ.get("EGOV_MAIL_KEPT", "5000"))
SIZE_LIMIT = 1_048_576


class Keeper:
    """Writes each mail to `<time, microseconds>-<unique>.eml`; past `KEPT` files the oldest go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._kept = deque(sorted(folder.glob("*.eml")))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take one mail. Called by the SMTP server."""
        content = envelope.original_content or b""
        path = self._folder / f"{time.time_ns() // 1000}-{uuid.uuid4().hex[:8]}.eml"
        draft = path.with_suffix(".new")
        draft.write_bytes(_recipients(envelope) + content)
        os.replace(draft, path)
        self._kept.append(path)
        while len(self._kept) > KEPT:
            self._kept.popleft().unlink(missing_ok=True)
        return "250 OK"


def _recipients(envelope: Envelope) -> bytes:
    return "".join(f"X-Rcpt-To: {address}\r\n" for address in envelope.rcpt_tos).encode()


async def serve(listen: str, folder: Path) -> None:
    """Take mails until SIGTERM or SIGINT. Raises StackError when the port is taken."""
    host, _, port = listen.rpartition(":")
    keeper, loop, stop = Keeper(folder), asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        server = await loop.create_server(
            lambda: SMTP(keeper, data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, hostname="localhost"),
            host,
            int(port),
        )
    except OSError as error:
        raise StackError(f"mail cannot listen at {listen}: {error.strerror}") from error
    async with server:
        await stop.wait()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.mail", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--listen", default="127.0.0.1:8025", help="host:port")
    parser.add_argument("--folder", type=Path, default=Path(".run/mail"), help="where the mails go")
    asked = parser.parse_args()
    try:
        asyncio.run(serve(asked.listen, asked.folder))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
