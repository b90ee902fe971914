"""Ports of one stack: the well-known ones of `make run`, each with its setting, or free ones for tests."""

from __future__ import annotations

import errno
import os
import random
import socket
from collections.abc import Collection, Mapping

from deploy.local.errors import StackError

LOOPBACK = "127.0.0.1"
# Below the range that the kernel takes outgoing ports from, so that a connection cannot take one first.
FREE_RANGE = range(20000, 32000)


def address_of(host: str) -> str:
    """The IP address of `host`. Raises StackError when it has none."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        raise StackError(f"{host} is no address: HOST is an address or a name of this machine") from None


def setting_of(name: str) -> str:
    """The environment variable that sets the port `name`."""
    return f"EGOV_PORT_{name.upper().replace('-', '_')}"


class Ports:
    """Port numbers by name. Asking twice gives the same number.

    `fronts` names the ports at which somebody else listens and passes on to the part behind.
    """

    def __init__(self, defaults: Mapping[str, int], free: bool = False, fronts: Collection[str] = ()) -> None:
        self.fronts = fronts
        self._defaults = defaults
        self._free = free
        self._taken: dict[str, int] = {}
        self._claims: list[socket.socket] = []

    def __getitem__(self, name: str) -> int:
        if name not in self._taken:
            self._taken[name] = self._claim() if self._free else self._wanted(name)
        return self._taken[name]

    def address(self, name: str) -> str:
        """`127.0.0.1:port`."""
        return f"{LOOPBACK}:{self[name]}"

    def inner(self, name: str) -> int:
        """The port that the part itself listens on."""
        return self[f"{name}-behind"] if name in self.fronts else self[name]

    def check_free(self, name: str, host: str = LOOPBACK) -> None:
        """Raise StackError when someone else listens there already, or `host` is not this machine."""
        problem = _bind_problem(self[name], host)
        if problem == errno.EADDRINUSE:
            raise StackError(
                f"port {self[name]}, which {name} wants, is taken on {host}: choose another with {setting_of(name)}"
            )
        if problem:
            raise StackError(f"{name} cannot listen at {host}:{self[name]} ({os.strerror(problem)})")

    def release(self) -> None:
        """Give back what was claimed from the free range."""
        for claim in self._claims:
            claim.close()
        self._claims.clear()

    def _wanted(self, name: str) -> int:
        text = os.environ.get(setting_of(name), "")
        if not text:
            return self._defaults[name]
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise StackError(f"{setting_of(name)} must be a port number from 1 to 65535")
        return int(text)

    def _claim(self) -> int:
        """A free port that no other stack on this machine claims; the claim ends with the process."""
        for port in random.sample(FREE_RANGE, 200):
            # A name without a file, known in the same network namespace as the port itself.
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(f"\0egov-port-{port}")
            except OSError:
                claim.close()
                continue
            if not _bind_problem(port, LOOPBACK):
                self._claims.append(claim)
                return port
            claim.close()
        raise StackError("no free port was found on the loopback address")


def _bind_problem(port: int, host: str) -> int:
    """Why nobody can listen there, as an error number; 0 if it is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno or errno.EADDRINUSE
    return 0
