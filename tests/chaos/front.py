"""A TCP proxy in front of a part, which the harness makes slow, silent or treacherous.

What a real network does to a silent connection is done here after the same time: both ends are told that it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Coroutine
from enum import StrEnum
from typing import Any, Self

CHUNK = 64 * 1024
# The services' own limit for what is sent and not acknowledged (TCP_USER_TIMEOUT).
GIVEN_UP_S = 9.0
SLOW_S = 0.4
CUT_WITHIN = 4096
RESET = struct.pack("ii", 1, 0)


class Mode(StrEnum):
    """What becomes of what is sent."""

    PASS = "pass"
    DROP = "drop"
    """Nothing arrives. A connection that sent something is gone after 9 s; a new one is taken and never answered."""
    DELAY = "delay"
    """Each piece arrives 0.4 s late."""
    CUT = "cut"
    """A connection is reset in the middle of a message, a few KB on."""


class Front:
    """Listens at `port` of the loopback address and passes on to `inner`. Runs on a thread of its own."""

    def __init__(self, port: int, inner: int, *, seed: int = 0) -> None:
        self._port, self._inner = port, inner
        self._random = random.Random(seed)
        self._mode = Mode.PASS
        self._changed = asyncio.Event()
        self._links: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"front {port}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(self, *error: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def mode(self) -> Mode:
        """What becomes of what is sent now."""
        return self._mode

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._links)

    def become(self, mode: Mode) -> None:
        """Change at once, also for what is on its way."""
        self._do(self._become(mode))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._linked, "127.0.0.1", self._port)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for link in list(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)
        # Connections end in the loop's next round.
        await asyncio.sleep(0)

    async def _become(self, mode: Mode) -> None:
        self._mode = mode
        before, self._changed = self._changed, asyncio.Event()
        before.set()

    async def _linked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        try:
            await self._link(reader, writer)
        except asyncio.CancelledError:
            _reset(writer)
        finally:
            self._links.discard(task)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry both directions until one ends, badly or well."""
        if not await self._passable():
            _reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._inner)
        except OSError:
            _reset(writer)
            return
        ways = [asyncio.ensure_future(self._carry(reader, far_writer)),
                asyncio.ensure_future(self._carry(far_reader, writer))]  # fmt: skip
        well = False
        try:
            ended, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            well = all(way.exception() is None for way in ended)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, far_writer):
                end.close() if well else _reset(end)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction. OSError when the connection is gone."""
        left = self._random.randrange(1, CUT_WITHIN)
        while data := await reader.read(CHUNK):
            if not await self._passable():
                raise ConnectionResetError
            if self._mode is Mode.DELAY:
                await asyncio.sleep(SLOW_S)
            if self._mode is Mode.CUT:
                writer.write(data[:left])
                left -= len(data)
                if left <= 0:
                    await writer.drain()
                    raise ConnectionResetError
            else:
                writer.write(data)
            await writer.drain()

    async def _passable(self) -> bool:
        """Wait while nothing arrives; False when that is too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GIVEN_UP_S):
                while self._mode is Mode.DROP:
                    await self._changed.wait()
        return self._mode is not Mode.DROP


def _reset(writer: asyncio.StreamWriter) -> None:
    """Let the other end know at once that the connection is gone."""
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
