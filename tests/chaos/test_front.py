"""The proxy in front of a part passes everything on, or nothing, or half, as it is told."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from deploy.local.ports import Ports
from tests.chaos import front
from tests.chaos.front import Front, Mode
from tests.waiting import wait_for

SOON_S = 0.3


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture
def ports() -> Iterator[Ports]:
    claimed = Ports({}, free=True, fronts=["echo"])
    yield claimed
    claimed.release()


@pytest.fixture
def echo(ports: Ports) -> Iterator[Front]:
    """A front before a server that sends back what it gets."""
    with Server(("127.0.0.1", ports.inner("echo")), Echo) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        with Front(ports["echo"], ports.inner("echo"), seed=1) as opened:
            yield opened
        server.shutdown()


@pytest.fixture
def caller(echo: Front, ports: Ports) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", ports["echo"]), timeout=5) as connection:
        yield connection


def said(caller: socket.socket, count: int) -> bytes:
    """The next bytes; fewer at the end of the connection."""
    got = b""
    while len(got) < count and (more := caller.recv(count - len(got))):
        got += more
    return got


def test_everything_is_passed_on(caller: socket.socket) -> None:
    caller.sendall(b"x" * 300_000)
    assert said(caller, 300_000) == b"x" * 300_000


def test_the_end_of_a_connection_is_passed_on(echo: Front, caller: socket.socket) -> None:
    caller.sendall(b"last")
    assert said(caller, 4) == b"last"
    caller.close()
    wait_for("the connection ends", lambda: echo.connections == 0)


def test_what_is_dropped_arrives_when_the_network_is_back(echo: Front, caller: socket.socket) -> None:
    echo.become(Mode.DROP)
    caller.sendall(b"late")
    caller.settimeout(SOON_S)
    with pytest.raises(TimeoutError):
        caller.recv(1)
    echo.become(Mode.PASS)
    caller.settimeout(5)
    assert said(caller, 4) == b"late"


def test_a_connection_is_gone_when_the_network_is_away_for_long(
    echo: Front, caller: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "GIVEN_UP_S", SOON_S)
    echo.become(Mode.DROP)
    caller.sendall(b"lost")
    with pytest.raises(ConnectionResetError):
        caller.recv(1)


def test_a_connection_is_cut_in_the_middle_of_a_message(echo: Front, caller: socket.socket) -> None:
    echo.become(Mode.CUT)
    caller.sendall(b"x" * 100_000)
    got = b""
    with pytest.raises(ConnectionResetError):
        while True:
            got += caller.recv(65536) or b""
    assert len(got) < 100_000


def test_what_is_delayed_arrives_whole(echo: Front, caller: socket.socket) -> None:
    echo.become(Mode.DELAY)
    caller.sendall(b"slowly")
    assert said(caller, 6) == b"slowly"


def test_a_part_that_does_not_listen_is_a_connection_that_is_reset(ports: Ports) -> None:
    with Front(ports["echo"], ports.inner("echo")), pytest.raises(ConnectionResetError):
        ask(("127.0.0.1", ports["echo"]))


def ask(address: tuple[str, int]) -> None:
    """Connect and wait for an answer."""
    with socket.create_connection(address, timeout=5) as caller:
        caller.recv(1)
