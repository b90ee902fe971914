import itertools
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.local import pki
from deploy.local.client import ApiError, Gateway, Unreachable, api_error, pause

REFUSAL = {
    "code": 3,
    "message": "The request has faults.",
    "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "INVALID", "metadata": {"limit": "200"}},
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "report.region", "reason": "required", "description": "It is needed."}],
        },
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "zh-CN", "message": "请求有误。"},
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "0af7"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.5s"},
    ],
}


class Desk:
    """Answers what it was told to, one after another, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, Any]] | None] = []
        self.keys: list[str | None] = []
        self.connections: set[Any] = set()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                desk.keys.append(self.headers["Idempotency-Key"])
                desk.connections.add(self.client_address)
                answer = desk.answers.pop(0)
                if answer is None:
                    self.close_connection = True
                    return
                text = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(text)))
                self.send_header("egov-case-number", "371102-20261123-2000427-K")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *values: object) -> None:
                pass

        return Handler


class Pass:
    def token(self) -> str:
        return "token"


@pytest.fixture(scope="module")
def identities(tmp_path_factory: pytest.TempPathFactory) -> pki.DevelopmentPki:
    return pki.DevelopmentPki(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def url(desk: Desk, identities: pki.DevelopmentPki) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), desk.handler())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files = identities.outward()
    context.load_cert_chain(files.cert, files.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def gateway(url: str, identities: pki.DevelopmentPki) -> Iterator[Gateway]:
    client = Gateway(url, identities.trust, patience_s=3.0)
    yield client
    client.close()


def test_what_may_pass_is_tried_again_under_the_same_key(desk: Desk, gateway: Gateway) -> None:
    in_progress = {"details": [{"@type": "x/google.rpc.ErrorInfo", "reason": "IN_PROGRESS"}]}
    desk.answers = [(503, {}), None, (409, in_progress), (200, {"incident": {}})]
    answer = gateway.post("/v1/incidents", {}, door=Pass(), key="one")
    assert (answer.body, answer.tries) == ({"incident": {}}, 4)
    assert answer.case_number == "371102-20261123-2000427-K"
    assert desk.keys == ["one"] * 4


def test_a_refusal_is_raised_at_once(desk: Desk, gateway: Gateway) -> None:
    desk.answers = [(400, REFUSAL)]
    with pytest.raises(ApiError, match="INVALID"):
        gateway.post("/v1/incidents", {}, door=Pass())
    assert len(desk.keys) == 1


def test_a_connection_is_kept(desk: Desk, gateway: Gateway) -> None:
    desk.answers = [(200, {}), (200, {}), (400, REFUSAL), (200, {})]
    gateway.post("/a", {}, door=Pass())
    gateway.post("/b", {}, door=Pass())
    with pytest.raises(ApiError):
        gateway.post("/c", {}, door=Pass())
    gateway.post("/d", {}, door=Pass())
    assert len(desk.connections) == 1
    assert len(set(desk.keys)) == 4


def test_a_form_is_made_anew_for_every_try(desk: Desk, gateway: Gateway) -> None:
    desk.answers = [(503, {}), (200, {"access_token": "t"})]
    made = itertools.count(1)
    assert gateway.form("/oauth2/token", lambda: {"n": str(next(made))}) == {"access_token": "t"}
    assert next(made) == 3


def test_a_stack_that_is_not_there_is_told_in_one_sentence(identities: pki.DevelopmentPki) -> None:
    with pytest.raises(Unreachable, match=r"does not answer.*is `make run` up\?"):
        Gateway("https://127.0.0.1:1", identities.trust, patience_s=0.0).get("/v1/regions")


def test_a_gateway_that_nobody_vouches_for_is_not_tried_again(url: str, tmp_path: Path) -> None:
    others = pki.DevelopmentPki(tmp_path)
    with pytest.raises(Unreachable, match="trust bundle does not vouch"):
        Gateway(url, others.trust, patience_s=60.0).get("/v1/regions")


def test_a_status_is_read_with_all_its_details() -> None:
    error = api_error(400, json.dumps(REFUSAL).encode())
    assert (error.code, error.reason, error.message) == (3, "INVALID", "The request has faults.")
    assert error.violations == (("report.region", "required", "It is needed."),)
    assert (error.texts, error.metadata) == ({"zh-CN": "请求有误。"}, {"limit": "200"})
    assert (error.retry_after_s, error.request_id) == (0.5, "0af7")


def test_an_oauth_error_is_read() -> None:
    said = {"error": "invalid_grant", "error_description": "No.", "error_description_zh": "否。", "reason": "X"}
    error = api_error(400, json.dumps(said).encode())
    assert (error.reason, error.message, error.texts["zh-CN"]) == ("X", "No.", "否。")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b"{}"])
def test_any_other_body_is_an_error_too(body: bytes) -> None:
    assert api_error(502, body).reason == "HTTP_502"


def test_waits_grow_to_a_limit() -> None:
    assert all(0.05 <= pause(1) <= 0.1 for _ in range(50))
    assert all(1.5 <= pause(20) <= 3.0 for _ in range(50))
