"""One HTTP/1.1 connection over TLS that is kept: the least that a client can do, so that it weighs little."""

from __future__ import annotations

import re
import socket
import ssl
from typing import Self

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ANSWER_S = 30.0


class Wire:
    """A connection to `address` (host:port), over which one resource is posted to; a context manager."""

    def __init__(self, address: str, context: ssl.SSLContext, path: str, token: str) -> None:
        host, _, port = address.rpartition(":")
        plain = socket.create_connection((host, int(port)), timeout=ANSWER_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = context.wrap_socket(plain, server_hostname="permits")
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: permits\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\n"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def post(self, body: bytes, key: str) -> None:
        """Send one request and take its answer. RuntimeError when that is not 200, OSError when none came."""
        head = f"{self._head}Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._socket.sendall(head.encode() + body)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        found = LENGTH.search(answer, 0, end)
        if not answer.startswith(b"HTTP/1.1 200 ") or found is None:
            raise RuntimeError(answer[:300].decode(errors="replace"))
        missing = end + 4 + int(found[1]) - len(answer)
        while missing > 0:
            missing -= len(self._more())

    def _more(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data
