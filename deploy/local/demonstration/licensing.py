"""A department's own system at the gateway's gRPC door: market supervision's licensing system.

It joins as any member system does (`make member`), once for a county, and vouches for the officer who issues. Its
tokens are bound to its TLS identity (RFC 8705), so that every call shows both.
"""

from __future__ import annotations

import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import grpc
from egov.certificates.v1 import certificates_service_pb2 as certs
from google.protobuf.json_format import MessageToDict, ParseDict
from google.rpc import status_pb2

from deploy.local.client import Answer, Gateway, TokenSource, Unreachable
from deploy.local.member import register
from deploy.local.member_calls import Wish
from deploy.local.stackfile import Stack
from deploy.local.tokens import Member
from services.chassis.interceptors.errors import read_status

SCOPES = ("certificates.certificates.issue", "certificates.certificates.read")
CALL_S = 15.0


class GrpcRefused(Exception):
    """A gRPC call was refused; the text is its reason and its status."""


class LicensingSystem:
    """The member system of one department of market supervision."""

    def __init__(self, where: Stack, gateway: Gateway, department: str) -> None:
        """Registers it where it is not a member yet. Raises ApiError, Unreachable, StackError, OSError."""
        county = department.partition("-")[0]
        name = f"licensing-{county}"
        self._folder = where.members / name
        if not (self._folder / "member.json").exists():
            register(where, Wish(name, SCOPES, county, (department,)))
        self._member = Member(gateway, name, where.key_of(name), bind_tls=True)
        self._address = urlsplit(where.gateway).netloc
        self._department = department

    def staff(self, login: str) -> TokenSource:
        """The token source of an officer for whom it vouches."""
        return self._member.vouching_for(login, self._department)

    def issue(self, said: dict[str, Any], door: TokenSource) -> Answer:
        """IssueCertificate; body and answer as in JSON. Raises GrpcRefused, Unreachable, and what the token's does."""
        request = ParseDict(said, certs.IssueCertificateRequest())
        metadata = (("authorization", f"Bearer {door.token()}"), ("idempotency-key", str(uuid.uuid4())))
        with grpc.secure_channel(self._address, self._credentials()) as channel:
            ask: Any = channel.unary_unary(
                "/egov.certificates.v1.CertificatesService/IssueCertificate",
                request_serializer=certs.IssueCertificateRequest.SerializeToString,
                response_deserializer=certs.IssueCertificateResponse.FromString,
            )
            try:
                grpc.channel_ready_future(channel).result(CALL_S)  # so that the time shown is the call's own
                began = time.monotonic()
                answer, call = ask.with_call(request, timeout=CALL_S, metadata=metadata)
                seconds = time.monotonic() - began
            except grpc.FutureTimeoutError:
                raise Unreachable(
                    f"The gateway at {self._address} does not answer by gRPC: is `make run` up?"
                ) from None
            except grpc.RpcError as error:
                raise _why(error) from None
        trace_id = str(dict(call.initial_metadata()).get("egov-trace-id", ""))
        return Answer(MessageToDict(answer), "", trace_id, seconds, 1)

    def _credentials(self) -> grpc.ChannelCredentials:
        trust, key, cert = ((self._folder / name).read_bytes() for name in ("trust.pem", "tls.key", "tls.crt"))
        return grpc.ssl_channel_credentials(trust, key, cert)


def _why(error: Any) -> GrpcRefused:
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    reason = read_status(status_pb2.Status.FromString(details)).reason if details else error.code().name
    return GrpcRefused(f"{reason} (gRPC {error.code().name}): {error.details()}")
