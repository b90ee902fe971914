"""Requests that two readers could take for two different ones: refused, or the same one for all, and never two."""

from __future__ import annotations

import re

import pytest
from egov.grid.v1 import grid_service_pb2

from .raw import http1, http2
from .shapes import GRID
from .stack import Stack

INSIDE = b"GET /v1/incidents/smuggled HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %(token)s\r\n\r\n"
POST = b"POST /v1/incidents/first:close HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %(token)s\r\n"
GET = b"GET /v1/incidents/first HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %(token)s\r\nconnection: close\r\n"
CHUNKED = b"2\r\n{}\r\n0\r\n\r\n" + INSIDE

REFUSED = {
    "CL.TE": POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n" + CHUNKED,
    "TE.CL": POST + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n" + CHUNKED,
    "another coding": POST + b"transfer-encoding: xchunked\r\n\r\n" + CHUNKED,
    "a coding after the last": POST + b"transfer-encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "two codings": POST + b"transfer-encoding: chunked\r\ntransfer-encoding: gzip\r\n\r\n" + CHUNKED,
    "a name with a space": POST + b"transfer-encoding : chunked\r\n\r\n" + CHUNKED,
    "a coding behind a control character": POST + b"transfer-encoding:\x0bchunked\r\n\r\n" + CHUNKED,
    "two lengths": POST + b"content-length: 2\r\ncontent-length: 90\r\n\r\n{}" + INSIDE,
    "a list of lengths": POST + b"content-length: 2, 90\r\n\r\n{}" + INSIDE,
    "a length with a sign": POST + b"content-length: +2\r\n\r\n{}" + INSIDE,
    "a negative length": POST + b"content-length: -1\r\n\r\n{}" + INSIDE,
    "a length in hexadecimal": POST + b"content-length: 0x2\r\n\r\n{}" + INSIDE,
    "a chunk that is none": POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + INSIDE,
    "a chunk beyond all numbers": POST
    + b"transfer-encoding: chunked\r\n\r\n1"
    + b"0" * 16
    + b"2\r\n{}\r\n0\r\n\r\n"
    + INSIDE,
    "a chunk that ends by itself": POST + b"transfer-encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n" + INSIDE,
    "a NUL in a value": GET + b"x-a: b\0c\r\n\r\n",
    "a line without a name": GET + b": x\r\n\r\n",
    "a line without a colon": GET + b"smuggled\r\n\r\n",
    "no host": b"GET /v1/incidents/first HTTP/1.1\r\n\r\n",
    "HTTP/1.0": b"GET /v1/incidents/first HTTP/1.0\r\nhost: x\r\n\r\n",
    "HTTP/0.9": b"GET /v1/incidents/first\r\n\r\n",
    "a version that is none": b"GET /v1/incidents/first HTTP/9.9\r\nhost: x\r\n\r\n",
    "a path with a space": b"GET /v1/incidents/first x HTTP/1.1\r\nhost: x\r\n\r\n",
    "a bare line feed between chunks": POST + b"transfer-encoding: chunked\r\n\r\n2\n{}\n0\n\n" + INSIDE,
}

# What Envoy takes, and makes one request of with one reading before anybody behind it sees it.
TAKEN_AS_ONE = {
    "a bare CR in a value": GET + b"x-a: b\rx-c: d\r\n\r\n",
    "a second host": GET + b"host: other\r\n\r\n",
    "folded lines": GET + b"x-a: b\r\n c: d\r\n\r\n",
    "bare line feeds": GET.replace(b"\r\n", b"\n") + b"\n",
    "a bare line feed in a value": GET + b"x-a: b\nx-forwarded-client-cert: c\r\n\r\n",
    "another protocol": GET
    + b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n",
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_request_with_two_readings_is_refused(gateway: Stack, what: str) -> None:
    answered = http1(gateway, filled(gateway, REFUSED[what]))
    assert re.findall(rb"HTTP/1.1 (\d)", answered) == [b"4"], answered
    assert not gateway.services["grid"].calls


@pytest.mark.parametrize("what", TAKEN_AS_ONE)
def test_what_is_taken_is_one_request_with_nothing_in_its_metadata(gateway: Stack, what: str) -> None:
    answered = http1(gateway, filled(gateway, TAKEN_AS_ONE[what]))
    assert re.findall(rb"HTTP/1.1 (\d+)", answered) == [b"200"], answered
    (call,) = gateway.services["grid"].calls
    assert grid_service_pb2.GetIncidentRequest.FromString(call.body).incident_id == "first"
    assert not {"x-forwarded-client-cert", "x-c", "upgrade", "http2-settings"} & set(call.metadata)
    assert not [name for name, value in call.metadata.items() if "\n" in str(value)]


def filled(gateway: Stack, request: bytes) -> bytes:
    """With a good token, and a service that would answer."""
    for method in ("CloseIncident", "GetIncident"):
        empty = getattr(grid_service_pb2, f"{method}Response")
        gateway.services["grid"].answers[f"{GRID}{method}"] = lambda *_, empty=empty: empty()
    return request.replace(b"%(token)s", gateway.keys.token().encode())


PSEUDO = [
    (b":method", b"GET"),
    (b":scheme", b"https"),
    (b":path", b"/v1/incidents/first"),
    (b":authority", b"localhost"),
]
BAD_HTTP2 = {
    "a line break in a value": [*PSEUDO, (b"x-a", b"b\r\nx-egov-caller: grid")],
    "a line break in a name": [*PSEUDO, (b"x-a: b\r\nx-c", b"d")],
    "a colon in a name": [*PSEUDO, (b"x-a:b", b"c")],
    "a NUL in a value": [*PSEUDO, (b"x-a", b"b\0c")],
    "a name in upper case": [*PSEUDO, (b"X-Forwarded-Client-Cert", b"Hash=00")],
    "a transfer coding": [*PSEUDO, (b"transfer-encoding", b"chunked")],
    "a connection header": [*PSEUDO, (b"connection", b"x-forwarded-for")],
    "a second path": [*PSEUDO, (b":path", b"/v1/incidents/smuggled")],
    "a pseudo header behind others": [*PSEUDO[:3], (b"x-a", b"b"), PSEUDO[3]],
    "a pseudo header that is none": [*PSEUDO, (b":caller", b"grid")],
    "a line break in the path": [*PSEUDO[:2], (b":path", b"/v1/incidents/first HTTP/1.1\r\nhost: x\r\n\r\n")],
    "a space in the path": [*PSEUDO[:2], (b":path", b"/v1/incidents/first x"), PSEUDO[3]],
    "a request line as method": [(b":method", b"GET / HTTP/1.1\r\nx: y"), *PSEUDO[1:]],
    "a path that is none": [*PSEUDO[:2], (b":path", b"v1/incidents/first"), PSEUDO[3]],
    "no path": [PSEUDO[0], PSEUDO[1], PSEUDO[3]],
    "a length that the body has not": [(b":method", b"POST"), *PSEUDO[1:], (b"content-length", b"0")],
    "two lengths": [(b":method", b"POST"), *PSEUDO[1:], (b"content-length", b"2"), (b"content-length", b"90")],
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_HTTP2)
def test_what_a_downgrade_would_turn_into_another_request_is_refused(gateway: Stack, what: str) -> None:
    token = filled(gateway, b"Bearer %(token)s")
    body = b"{}" if "length" in what else b""
    assert http2(gateway, [*BAD_HTTP2[what], (b"authorization", token)], body) in ("400", "reset", "closed")
    assert not gateway.services["grid"].calls


def test_the_same_request_in_order_is_served(gateway: Stack) -> None:
    token = filled(gateway, b"Bearer %(token)s")
    # Of two names of one host the one that HTTP/2 itself has is taken.
    assert http2(gateway, [*PSEUDO, (b"host", b"other"), (b"authorization", token)]) == "200"
    assert http2(gateway, [*PSEUDO, (b"authorization", token)]) == "200"
    assert http1(gateway, filled(gateway, GET + b"\r\n")).startswith(b"HTTP/1.1 200")
    assert len(gateway.services["grid"].calls) == 3
