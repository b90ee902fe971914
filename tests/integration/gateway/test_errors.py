"""Every error that the gateway can answer with has the one shape."""

from __future__ import annotations

import json
import random
import socket
import ssl
from urllib.parse import quote

import pytest

from tests.integration.gateway.shapes import INCIDENT, assert_shape

from .stack import Reply, Stack


def test_a_browser_is_told_on_a_page(gateway: Stack) -> None:
    asked = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    reply = gateway.call("GET", "/console/nowhere", None, headers=asked)
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert reply.headers["content-security-policy"] == "default-src 'none'"
    for said in ("没有这个地址", "There is no such address", "NO_SUCH_ROUTE", reply.headers["egov-trace-id"]):
        assert said in reply.text
    assert "%" not in reply.text


def test_tokens(gateway: Stack) -> None:
    keys = gateway.keys
    assert_shape(gateway.call("GET", INCIDENT, None), 401, "TOKEN_MISSING", 16)
    assert_shape(gateway.call("GET", INCIDENT, "not.a.token"), 401, "TOKEN_INVALID", 16)
    assert_shape(gateway.call("GET", INCIDENT, keys.token(seconds=-60)), 401, "TOKEN_EXPIRED", 16)
    assert_shape(gateway.call("GET", INCIDENT, keys.token(aud=["other"])), 401, "TOKEN_INVALID", 16)
    assert_shape(gateway.call("GET", INCIDENT, keys.token(iss="https://other")), 401, "TOKEN_INVALID", 16)
    assert_shape(gateway.call("GET", INCIDENT, type(keys)().token()), 401, "TOKEN_INVALID", 16)
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + keys.token().split(".")[1] + "."
    assert_shape(gateway.call("GET", INCIDENT, unsigned), 401, "TOKEN_INVALID", 16)
    assert not gateway.services["grid"].calls


def test_a_bad_token_is_refused_where_none_is_needed(gateway: Stack) -> None:
    assert_shape(gateway.call("GET", "/v1/regions", "not.a.token"), 401, "TOKEN_INVALID", 16)


def test_addresses(gateway: Stack) -> None:
    assert_shape(gateway.call("GET", "/v1/nothing"), 404, "NO_SUCH_ROUTE", 5)
    assert_shape(gateway.call("GET", f"{INCIDENT}/more"), 404, "NO_SUCH_ROUTE", 5)
    assert_shape(gateway.call("GET", "/v1/operations/unheard/status"), 404, "NO_SUCH_ROUTE", 5)
    wrong_verb = gateway.call("DELETE", "/v1/incidents")
    assert_shape(wrong_verb, 405, "METHOD_NOT_ALLOWED", 12)
    assert wrong_verb.headers["allow"] == "GET, POST"
    assert gateway.call("GET", f"{INCIDENT}:close").headers["allow"] == "POST"
    not_text = gateway.call("GET", "/v1/incidents/%ff")
    assert_shape(not_text, 400, "INVALID_ARGUMENT", 3)
    assert not_text.violations() == {"": "NOT_TEXT"}


def test_an_escaped_slash_is_refused(gateway: Stack) -> None:
    reply = gateway.call("GET", "/v1/incidents/a%2Fb")
    assert (reply.status, reply.reason) == (400, "MALFORMED_REQUEST")


def test_bodies(gateway: Stack) -> None:
    def post(body: bytes, kind: str = "application/json") -> Reply:
        return gateway.call("POST", "/v1/incidents", body=body, headers={"content-type": kind})

    assert_shape(post(b"a=b", "application/x-www-form-urlencoded"), 415, "CONTENT_TYPE_UNSUPPORTED", 3)
    assert_shape(post(b'{"report":{"description":"' + b"x" * 1_100_000 + b'"}}'), 413, "BODY_TOO_LARGE", 3)
    for text in (b'{"report":', b"{'report':{}}", b'{"report":{},}', b"[]", b"7", b"{}{}", b'{"a":01}', b'{"a":tru}'):
        reply = post(text)
        assert_shape(reply, 400, "INVALID_ARGUMENT", 3)
        assert reply.violations() == {"": "NOT_JSON"}, text
    assert_shape(post(b'{"report":{"description":"\xff"}}'), 400, "MALFORMED_REQUEST", 3)
    for name in (b"\xff", b"\xe6\x97", b"\x80" * 100):
        assert post(b'{"' + name + b'":1}').violations() == {"?": "UNKNOWN_FIELD"}, name
    many = post(b'{"report":{"a":[' + b"1," * 100_000 + b"1]}}")
    assert many.violations() == {"": "TOO_MANY_VALUES"}
    deep = b'{"report":' * 200 + b"1" + b"}" * 200
    assert post(deep).status == 400
    assert not gateway.services["grid"].calls


def strictly(text: bytes) -> bool:
    """Whether Python's reader takes the text as an object of JSON."""

    def never(_: str) -> None:
        raise ValueError

    try:
        return isinstance(json.loads(text, parse_constant=never), dict)
    except ValueError:
        return False


def test_what_is_json_is_judged_as_strictly_as_by_another_reader(gateway: Stack) -> None:
    chance = random.Random(20261123)
    whole = (
        '{"report": {"type": {"code": "01\\u00e9\\n"}, "description": "日照 \\"x\\"", "a": [1, -2.5e+3, null, true]}}'
    )
    for _ in range(150):
        letters = list(whole)
        for _ in range(chance.randint(0, 2)):
            letters[chance.randrange(len(letters))] = chance.choice('{}[]",:\\0e.- t日')
        body = "".join(letters).encode()
        reply = gateway.call("POST", "/v1/incidents", body=body, headers={"content-type": "application/json"})
        broken = reply.status == 400 and reply.reason == "INVALID_ARGUMENT" and reply.violations() == {"": "NOT_JSON"}
        assert broken != strictly(body), body


def test_fields(gateway: Stack) -> None:
    report = {
        "type": {"kind": "INCIDENT_KIND_UNHEARD", "code": 5, "standart": "x"},
        "seenAt": "2026-02-30T00:00:00Z",
        "description": ["a"],
    }
    reply = gateway.call("POST", "/v1/incidents", json={"report": report, "extra": {"a": [1]}})
    assert_shape(reply, 400, "INVALID_ARGUMENT", 3)
    assert reply.violations() == {
        "report.type.kind": "UNKNOWN_ENUM",
        "report.type.code": "WRONG_TYPE",
        "report.type.standart": "UNKNOWN_FIELD",
        "report.seen_at": "WRONG_TYPE",
        "report.description": "WRONG_TYPE",
        "extra": "UNKNOWN_FIELD",
    }
    close = gateway.call("POST", f"{INCIDENT}:close", json={"incidentId": "x", "version": "1.5"})
    assert close.violations() == {"incident_id": "SET_BY_PATH", "version": "WRONG_TYPE"}


def test_violations_speak_the_callers_language_first(gateway: Stack) -> None:
    for accepted, first, other in (("en-GB,en", "There is no such field.", "zh-CN"), ("zh", "没有这个字段。", "en")):
        reply = gateway.call("GET", "/v1/incidents?bogus=1", headers={"accept-language": accepted})
        violation = reply.detail("BadRequest")["fieldViolations"][0]
        assert (violation["description"], violation["localizedMessage"]["locale"]) == (first, other)


@pytest.mark.parametrize(
    ("query", "violations"),
    [
        ("bogus=1", {"bogus": "UNKNOWN_FIELD"}),
        ("page.bogus=1", {"page.bogus": "UNKNOWN_FIELD"}),
        ("page.pageSize=x", {"page.page_size": "WRONG_TYPE"}),
        ("page=1", {"page": "WRONG_TYPE"}),
        ("state=FILED", {"state": "UNKNOWN_ENUM"}),
        ("region=1&region=2", {"region": "SET_TWICE"}),
        ("region=%ff", {"": "NOT_TEXT"}),
    ],
)
def test_queries(gateway: Stack, query: str, violations: dict[str, str]) -> None:
    reply = gateway.call("GET", f"/v1/incidents?{query}")
    assert_shape(reply, 400, "INVALID_ARGUMENT", 3)
    assert reply.violations() == violations


@pytest.mark.parametrize("before", range(4))
def test_a_long_name_is_told_up_to_a_whole_character(gateway: Stack, before: int) -> None:
    name = "x" * before + "日" * 40
    told = "x" * before + "日" * ((64 - before) // 3)
    assert gateway.call("GET", f"/v1/incidents?{quote(name)}=1").violations() == {told: "UNKNOWN_FIELD"}
    body, headers = f'{{"{name}":1}}'.encode(), {"content-type": "application/json"}
    assert gateway.call("POST", "/v1/incidents", body=body, headers=headers).violations() == {told: "UNKNOWN_FIELD"}
    assert gateway.call("POST", f"{INCIDENT}:close?{quote(name)}=1").violations() == {told: "UNKNOWN_FIELD"}


def test_a_query_cannot_overrule_the_path(gateway: Stack) -> None:
    assert gateway.call("GET", f"{INCIDENT}?incidentId=other").violations() == {"incident_id": "SET_BY_PATH"}


def test_headers_too_large(gateway: Stack) -> None:
    for headers in ({"x-large": "y" * 40_000}, {f"x-{number}": "y" for number in range(80)}):
        reply = gateway.call("GET", INCIDENT, headers=headers)
        assert (reply.status, reply.reason) == (431, "HEADERS_TOO_LARGE")


def test_not_http_at_all(gateway: Stack) -> None:
    context = ssl.create_default_context(cafile=str(gateway.root.file))
    raw = socket.create_connection(("localhost", gateway.port), 5)
    with context.wrap_socket(raw, server_hostname="localhost") as connection:
        connection.sendall(
            b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        )
        answer = connection.recv(65_536).decode()
    assert answer.startswith("HTTP/1.1 400")
    assert "MALFORMED_REQUEST" in answer
