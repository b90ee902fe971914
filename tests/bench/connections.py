"""Many HTTPS connections that stay open, and one prepared request for all: asyncio streams, nothing parsed in vain.

Two ways to call: paced, each call due at a moment that was set before, and in a closed loop. How long a paced call took
counts from that moment, so that a server which falls behind cannot hide it.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

OPENED_AT_A_TIME = 20
HEAD_END = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length: "

T = TypeVar("T")


@dataclass(slots=True)
class Tally:
    """What came of calls: how long those took that were answered with 200, in seconds, and how many were not."""

    seconds: float = 0.0
    took_s: list[float] = field(default_factory=list)
    refused: int = 0
    client_s: float = 0.0
    """Processor time of the client's thread."""

    def enter(self, good: bool, took_s: float) -> None:
        """One call more."""
        if good:
            self.took_s.append(took_s)
        else:
            self.refused += 1


class Connections:
    """`count` connections to a gateway, which `trust` (PEM) vouches for; a context manager, on a thread of its own."""

    def __init__(self, url: str, trust: Path, count: int) -> None:
        where = urlsplit(url)
        self._host, self._port = where.hostname or "", where.port or 443
        self._tls = ssl.create_default_context(cafile=str(trust))
        self._tls.set_alpn_protocols(["http/1.1"])
        self._count = count
        self._open: list[_Connection] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="connections", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._connect())
        return self

    def __exit__(self, *error: object) -> None:
        self._run(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def request(self, path: str, token: str) -> bytes:
        """A GET as it goes over the wire."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {self._host}:{self._port}", "Accept-Language: en"]
        return "\r\n".join([*lines, f"Authorization: Bearer {token}", "", ""]).encode()

    def paced(self, request: bytes, per_second: float, seconds: float) -> Tally:
        """So many calls a second in all, each connection in its turn. OSError when a connection ends."""
        return self._run(self._tallied(self._in_pace(request, per_second, seconds)))

    def closed_loop(self, request: bytes, at_a_time: int, seconds: float) -> Tally:
        """On so many of the connections, each call when the one before was answered."""
        return self._run(self._tallied(self._in_loops(request, at_a_time, seconds)))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _connect(self) -> None:
        room = asyncio.Semaphore(OPENED_AT_A_TIME)

        async def one() -> _Connection:
            async with room:
                return _Connection(*await asyncio.open_connection(self._host, self._port, ssl=self._tls))

        self._open = list(await asyncio.gather(*(one() for _ in range(self._count))))

    async def _leave(self) -> None:
        for each in self._open:
            each.writer.close()
        await asyncio.gather(*(each.writer.wait_closed() for each in self._open), return_exceptions=True)

    async def _tallied(self, work: Coroutine[Any, Any, Tally]) -> Tally:
        begun, spent = time.monotonic(), time.thread_time()
        tally = await work
        tally.seconds, tally.client_s = time.monotonic() - begun, time.thread_time() - spent
        return tally

    async def _in_pace(self, request: bytes, per_second: float, seconds: float) -> Tally:
        tally = Tally()
        every, first = self._count / per_second, self._loop.time() + 0.1
        end = first + seconds

        async def follow(each: _Connection, due: float) -> None:
            while due < end:
                await asyncio.sleep(due - self._loop.time())
                tally.enter(await each.ask(request), self._loop.time() - due)
                due += every

        await asyncio.gather(*(follow(each, first + at / per_second) for at, each in enumerate(self._open)))
        return tally

    async def _in_loops(self, request: bytes, at_a_time: int, seconds: float) -> Tally:
        tally = Tally()
        end = self._loop.time() + seconds

        async def follow(each: _Connection) -> None:
            while (begun := self._loop.time()) < end:
                tally.enter(await each.ask(request), self._loop.time() - begun)

        await asyncio.gather(*(follow(each) for each in self._open[:at_a_time]))
        return tally


@dataclass(frozen=True, slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes) -> bool:
        """Whether the answer is a 200; its body is read and dropped."""
        self.writer.write(request)
        head = await self.reader.readuntil(HEAD_END)
        length = head.lower().partition(LENGTH)[2].partition(b"\r\n")[0]
        await self.reader.readexactly(int(length))
        return head.startswith(b"HTTP/1.1 200 ")
