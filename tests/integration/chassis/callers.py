"""Callers at the service's door, as the gateway and other services are."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2
from joserfc import jwt
from joserfc.jwk import ECKey

from services.chassis.interceptors.errors import read_status
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from tests.integration.chassis.servers import Servers

KEY = ECKey.generate_key("P-256", private=True)
JWKS = json.dumps({"keys": [{**KEY.as_dict(private=False), "kid": KEY.thumbprint(), "use": "sig"}]})
SCOPES = "permits.grant permits.read operations.read operations.act"
PERSON = "019b76da-a800-7181-9950-d99e1baeefcf"
REGION = "371102003002"
PERMITS = "egov.permits.v1.PermitsService"


class Answer(NamedTuple):
    """What a call came back with."""

    message: Any
    refusal: Refusal | None
    metadata: dict[str, str]
    status: grpc.StatusCode

    @property
    def permit(self) -> Any:
        """The permit that it brought; None when it was refused."""
        return self.message.permit if self.refusal is None else None

    @property
    def reason(self) -> str:
        return self.refusal.reason if self.refusal else ""


def token(**claims: Any) -> str:
    """An access token of a member system, as identity would sign it."""
    now = int(datetime.now(UTC).timestamp())
    content = {
        "iss": "https://127.0.0.1", "aud": ["egov"], "iat": now, "exp": now + 300, "jti": str(uuid7()), "sub": PERSON,
        "client_id": "rizhao-office", "scope": SCOPES, "region": "371102", "roles": [], "acr": "AL2",
    }  # fmt: skip
    return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": KEY.thumbprint()}, content | claims, KEY)


class Callers:
    """What calls the service of a world. `rpc` is the address of its door."""

    servers: Servers
    permits: SimpleNamespace
    rpc: str

    def call(
        self,
        method: str,
        request: Message | bytes,
        *,
        key: str | None = "",
        bearer: str | None = None,
        workload: str = "gateway",
        timeout: float | None = 10,
        service: str = "egov.permits.v1.PermitsService",
        metadata: Sequence[tuple[str, str]] = (),
    ) -> Answer:
        """Call a method as the gateway does for a member system. `key`: an own one each time unless given."""
        given = list(metadata)
        if bearer is None and workload == "gateway":
            bearer = token()
        if bearer:
            given.append(("authorization", f"Bearer {bearer}"))
        if key is not None:
            given.append(("idempotency-key", key or uuid.uuid4().hex))
        raw = request if isinstance(request, bytes) else request.SerializeToString()
        with self._channel(workload) as channel:
            ask: Any = channel.unary_unary(f"/{service}/{method}")
            try:
                answer, called = ask.with_call(raw, timeout=timeout, metadata=given)
            except grpc.RpcError as error:
                return _refused(error)
        message = answer if service.endswith("OperationsService") else self._response(method, answer)
        return Answer(message, None, dict(called.initial_metadata()), grpc.StatusCode.OK)

    def grant(self, incident_id: str | None = None, **more: Any) -> Answer:
        request = self.permits.contract.GrantPermitRequest(region=REGION, incident_id=incident_id or str(uuid7()))
        return self.call("GrantPermit", request, **more)

    def _response(self, method: str, raw: bytes) -> Any:
        return getattr(self.permits.contract, f"{method}Response").FromString(raw)

    @contextmanager
    def _channel(self, workload: str) -> Iterator[grpc.Channel]:
        files = self.servers.identities.workload(workload)
        credentials = grpc.ssl_channel_credentials(
            files.trust.read_bytes(), files.key.read_bytes(), files.cert.read_bytes()
        )
        options = [("grpc.ssl_target_name_override", "permits"), ("grpc.enable_retries", 0)]
        with grpc.secure_channel(self.rpc, credentials, options) as channel:
            yield channel


def _refused(error: Any) -> Answer:
    trailing = dict(error.trailing_metadata() or ())
    raw = trailing.get("grpc-status-details-bin")
    refusal = read_status(status_pb2.Status.FromString(raw)) if raw else None
    return Answer(raw, refusal, dict(error.initial_metadata() or ()), error.code())
