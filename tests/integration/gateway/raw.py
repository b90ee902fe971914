"""What no HTTP library would send: requests as bytes, and HTTP/2 frames (RFC 9113) with any header (RFC 7541)."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator, Sequence

from .stack import Stack

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ANSWER_WITHIN_S = 10.0
_STATUS = {0x88: "200", 0x89: "204", 0x8A: "206", 0x8B: "304", 0x8C: "400", 0x8D: "404", 0x8E: "500"}


@contextlib.contextmanager
def connection(stack: Stack, protocol: str) -> Iterator[ssl.SSLSocket]:
    """A TLS connection to the gateway that speaks `h2` or `http/1.1`."""
    context = ssl.create_default_context(cafile=str(stack.root.file))
    context.set_alpn_protocols([protocol])
    raw = socket.create_connection(("localhost", stack.port), ANSWER_WITHIN_S)
    with context.wrap_socket(raw, server_hostname="localhost") as opened:
        yield opened


def http1(stack: Stack, request: bytes) -> bytes:
    """Everything that is answered to these bytes until the gateway has closed the connection."""
    with connection(stack, "http/1.1") as opened:
        opened.sendall(request)
        return b"".join(iter(lambda: opened.recv(65_536), b""))


def http2(stack: Stack, headers: Sequence[tuple[bytes, bytes]], body: bytes = b"") -> str:
    """How one HTTP/2 request ended: a status, `reset`, or `closed` with the whole connection."""
    frames = [PREFACE, _frame(SETTINGS, 0, 0, b""), _frame(HEADERS, END_HEADERS | (not body), 1, _block(headers))]
    if body:
        frames.append(_frame(DATA, END_STREAM, 1, body))
    with connection(stack, "h2") as opened, opened.makefile("rb") as answers:
        opened.sendall(b"".join(frames))
        while len(head := answers.read(9)) == 9:
            length, kind, _, _ = struct.unpack(">I", b"\0" + head[:3])[0], head[3], head[4], head[5:]
            payload = answers.read(length)
            if kind == HEADERS:
                return _status(payload)
            if kind in (RST_STREAM, GOAWAY):
                return "reset" if kind == RST_STREAM else "closed"
    return "closed"


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _block(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Literal fields without indexing, no Huffman code: any octet may stand in them."""
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in headers)


def _text(octets: bytes) -> bytes:
    size = len(octets)
    if size < 127:
        return bytes([size]) + octets
    size, prefix = size - 127, [127]
    while size >= 128:
        prefix.append(size % 128 + 128)
        size //= 128
    return bytes([*prefix, size]) + octets


def _status(block: bytes) -> str:
    """The status of an answer: an entry of the static table, or a literal right after it."""
    return _STATUS.get(block[0], "other")
