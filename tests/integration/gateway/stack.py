"""A real Envoy with the rendered configuration in front of stand-ins, and callers for it."""

from __future__ import annotations

import http.client
import json as jsons
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from gateway import contract as contracts
from gateway.binary import envoy_command

from .pki import Identity, Root
from .stand_ins import IdentityDoor, Service, Spans

ISSUER = "https://identity.egov"
ROOT_FOLDER = Path(__file__).resolve().parents[3]


def free_port() -> int:
    """A TCP port of the loopback address that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Waits for the condition, looking every 20 ms. Errors: AssertionError after `seconds`."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"waited {seconds} s in vain"
        time.sleep(0.02)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        """The body, decoded."""
        return jsons.loads(self.text)

    def detail(self, kind: str) -> dict[str, Any]:
        """The one detail of a kind such as `ErrorInfo`."""
        found = [each for each in self.json()["details"] if each["@type"].endswith(f"google.rpc.{kind}")]
        assert len(found) == 1, self.text
        return dict(found[0])

    @property
    def reason(self) -> str:
        """The machine-readable reason of an error."""
        return str(self.detail("ErrorInfo")["reason"])

    def violations(self) -> dict[str, str]:
        """Reasons by field of a BadRequest."""
        return {each["field"]: each["reason"] for each in self.detail("BadRequest")["fieldViolations"]}


@dataclass
class Keys:
    """The key that tokens are signed with."""

    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256"}))

    @property
    def jwks(self) -> dict[str, Any]:
        """The public set."""
        return dict(KeySet([self.key]).as_dict(private=False))

    def token(self, client: str = "test-member", seconds: int = 300, **claims: Any) -> str:
        """A signed token; `claims` overwrite the usual ones."""
        now = int(time.time())
        usual = {"iss": ISSUER, "aud": ["egov"], "exp": now + seconds, "iat": now, "client_id": client, "sub": client}
        header = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
        return str(jwt.encode(header, {**usual, **claims}, self.key))


@dataclass
class Stack:
    """Everything that runs, and how to call it."""

    folder: Path
    keys: Keys
    services: dict[str, Service]
    door: IdentityDoor
    spans: Spans
    members: Root
    member: Identity
    root: Root
    identities: dict[str, Identity]
    port: int = 0
    admin: int = 0
    access_log: Path = Path()

    def call(
        self,
        verb: str,
        path: str,
        token: str | None = "",
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        identity: Identity | None = None,
    ) -> Reply:
        """An HTTPS request; `token` "" means a good one, None none. `identity`: with this client certificate."""
        sent = dict(headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token or self.keys.token()}"
        if json is not None:
            body, sent["content-type"] = jsons.dumps(json).encode(), "application/json"
        context = ssl.create_default_context(cafile=str(self.root.file))
        if identity is not None:
            context.load_cert_chain(identity.cert, identity.key)
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=20, context=context)
        with closing(connection):
            connection.request(verb, path, body=body, headers=sent)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, names, answer.read().decode())

    def channel(self, identity: Identity | None = None) -> grpc.Channel:
        """A gRPC channel, with a client certificate when an identity is given."""
        pair = (identity.key.read_bytes(), identity.cert.read_bytes()) if identity else (None, None)
        credentials = grpc.ssl_channel_credentials(self.root.file.read_bytes(), *pair)
        return grpc.secure_channel(f"localhost:{self.port}", credentials)

    def bearer(self, **claims: Any) -> tuple[str, str]:
        """Metadata with a good token."""
        return ("authorization", f"Bearer {self.keys.token(**claims)}")

    def log_lines(self) -> list[dict[str, Any]]:
        """The access log so far."""
        return [jsons.loads(line) for line in self.access_log.read_text().splitlines() if line.startswith("{")]


def prepared(folder: Path) -> Stack:
    """Stand-ins, started; no Envoy yet."""
    root, members, keys = Root(folder, "root"), Root(folder, "members"), Keys()
    owners = contracts.load().owners
    identities = {name: root.issue(name) for name in (*owners, "gateway", "catalogue")}
    services = {name: Service(identities[name], root.file) for name in owners}
    door = IdentityDoor(identities["identity"], root.file, keys.jwks)
    member = members.issue("member-test")
    return Stack(folder, keys, services, door, Spans(), members, member, root, identities)


def settings(stack: Stack, **changes: Any) -> dict[str, Any]:
    """The settings file's content; fresh ports."""
    gateway = stack.identities["gateway"]
    values: dict[str, Any] = {
        "listen": f"127.0.0.1:{free_port()}",
        "admin": f"127.0.0.1:{free_port()}",
        "tls_cert": str(gateway.cert),
        "tls_key": str(gateway.key),
        "members_trust": str(stack.members.file),
        "upstream_cert": str(gateway.cert),
        "upstream_key": str(gateway.key),
        "upstream_trust": str(stack.root.file),
        "services": {name: f"127.0.0.1:{service.port}" for name, service in stack.services.items()},
        "identity_http": f"127.0.0.1:{stack.door.port}",
        "catalogue_rpc": f"127.0.0.1:{free_port()}",
        "catalogue_http": f"127.0.0.1:{free_port()}",
        "collector": f"127.0.0.1:{stack.spans.port}",
        "issuer": ISSUER,
        "rate_default": {"per_second": 1000, "burst": 1000},
        "rate_anonymous": {"per_second": 1000, "burst": 1000},
    }
    return {**values, **changes}


@contextmanager
def envoy(stack: Stack, values: dict[str, Any], name: str = "envoy") -> Iterator[Stack]:
    """Renders with the command, starts the real Envoy, waits until it is ready and holds the keys, ends it."""
    given, out = stack.folder / f"{name}-settings.json", stack.folder / f"{name}.json"
    given.write_text(jsons.dumps(values))
    command = [sys.executable, "-m", "gateway.render", "--out", str(out), "--settings", str(given)]
    subprocess.run(command, check=True, env=environment(), timeout=60)
    stack.port, stack.admin = (int(values[key].rpartition(":")[2]) for key in ("listen", "admin"))
    stack.access_log = stack.folder / f"{name}.log"
    with stack.access_log.open("wb") as log, (stack.folder / f"{name}.err").open("wb") as errors:
        process = subprocess.Popen(envoy_command(out), stdout=log, stderr=errors)
        try:
            wait_until(lambda: process.poll() is not None or bool(admin_page(stack.admin, "/ready")))
            assert process.poll() is None, (stack.folder / f"{name}.err").read_text()[-4000:]
            yield stack
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def statistic(stack: Stack, name: str) -> int:
    """One of Envoy's counters; 0 while it does not exist."""
    numbers = [line.rpartition(": ")[2] for line in admin_page(stack.admin, f"/stats?filter={name}").splitlines()]
    return sum(int(number) for number in numbers if number.isdecimal())


def environment() -> dict[str, str]:
    """The environment in which the project's modules are found."""
    path = os.pathsep.join([str(ROOT_FOLDER), str(ROOT_FOLDER / "protos" / "gen" / "python")])
    return {**os.environ, "PYTHONPATH": path}


def admin_page(port: int, path: str) -> str:
    """A page of an admin port; empty when it does not answer with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        with closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
            return text if answer.status == 200 else ""
    except OSError:
        return ""
