"""The running service as the gateway and other services reach it, for the tests of its doors."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import grpc
import sqlalchemy as sa
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from joserfc import jws
from joserfc.jwk import ECKey

from deploy.local.pki import Identity
from services.identity.domain.tokens import CLIENT_ASSERTION_TYPE, JWT_BEARER
from tests.unit.identity.samples import MEMBER_KEY

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"
TABLES = ("region", "department", "role_scope", "staff", "staff_role", "secondment", "member", "holder")


@dataclass
class Doors:
    """The running service as the gateway reaches it."""

    environment: dict[str, str]
    gateway: Identity
    inspection: Identity
    engine: sa.Engine

    @property
    def issuer(self) -> str:
        return self.environment["EGOV_TOKEN_ISSUER"]

    def http(self, verb: str, path: str, fields: dict[str, str] | None = None, **headers: str) -> tuple[int, Any, Any]:
        """Status, headers and content of an answer."""
        context = ssl.create_default_context(cafile=str(self.gateway.trust))
        context.load_cert_chain(self.gateway.cert, self.gateway.key)
        host, _, port = self.environment["EGOV_HTTP_LISTEN"].rpartition(":")
        connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=20)
        body = urlencode(fields) if fields is not None else None
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(verb, path, body, {**form, **headers})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(content) if content.startswith(b"{") else content

    def token(self, client_id: str = "rizhao-office", person: str = "", **fields: str) -> str:
        """A token for the member, or for the person whom it vouches for."""
        assertion = self.assertion(client_id, person or client_id)
        asked = {"grant_type": JWT_BEARER, "assertion": assertion} if person else own(assertion)
        status, _, answer = self.http("POST", "/oauth2/token", {**asked, **fields})
        assert status == 200, answer
        return str(answer["access_token"])

    def assertion(self, client_id: str, subject: str, key: ECKey = MEMBER_KEY, **claims: Any) -> str:
        usual = {"iss": client_id, "sub": subject, "aud": self.issuer}
        said = {**usual, "exp": int(time.time()) + 60, "jti": str(uuid.uuid4())}
        return jws.serialize_compact({"alg": "ES256"}, json.dumps(said | claims), key, algorithms=["ES256"])

    def call(
        self, method: str, request: Message, answer: type[Message], token: str = "", peer: Identity | None = None
    ) -> Any:
        """An RPC through the gateway's TLS identity, or the peer's; a refusal raises grpc.RpcError."""
        own = peer or self.gateway
        credentials = grpc.ssl_channel_credentials(own.trust.read_bytes(), own.key.read_bytes(), own.cert.read_bytes())
        metadata: tuple[tuple[str, str | bytes], ...] = (("idempotency-key", str(uuid.uuid4())),)
        metadata += (("authorization", f"Bearer {token}"),) if token else ()
        with grpc.secure_channel(self.environment["EGOV_RPC_LISTEN"], credentials) as channel:
            path = f"/egov.identity.v1.IdentityService/{method}"
            stub: Any = channel.unary_unary(path, type(request).SerializeToString, answer.FromString)
            return stub(request, metadata=metadata, timeout=20)


def own(assertion: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": CLIENT_ASSERTION_TYPE,
        "client_assertion": assertion,
    }


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def reasons(error: grpc.RpcError) -> tuple[str, list[tuple[str, str]]]:
    """Reason and violations of a refusal."""
    trailing = {each.key: each.value for each in error.trailing_metadata()}
    status = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return info.reason, [(each.field, each.reason) for each in bad.field_violations]
