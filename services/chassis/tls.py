"""TLS identities: who a process is to its peers, and who a peer is to it.

A TLS identity is an X.509 certificate whose URI name is `spiffe://egov/<service>` (SPIFFE ID). Trust is a bundle of
roots, not one root, so that roots can be exchanged one after the other.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
from cryptography import x509

SPIFFE_PREFIX = "spiffe://egov/"
GATEWAY = "gateway"


@dataclass(frozen=True)
class TlsIdentity:
    """The PEM files of this process's TLS identity and of the roots it trusts."""

    cert: Path
    key: Path
    trust: Path

    def server_credentials(self) -> grpc.ServerCredentials:
        """Credentials of a gRPC server that demands a trusted client certificate."""
        pair = (self.key.read_bytes(), self.cert.read_bytes())
        return grpc.ssl_server_credentials([pair], self.trust.read_bytes(), require_client_auth=True)

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Credentials of a gRPC client that shows this identity."""
        return grpc.ssl_channel_credentials(self.trust.read_bytes(), self.key.read_bytes(), self.cert.read_bytes())

    def http_server_context(self) -> ssl.SSLContext:
        """TLS context of an HTTP server that demands a trusted client certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.trust))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.cert, self.key)
        return context

    def expires_at(self) -> datetime:
        """When the certificate ends, UTC."""
        certificate = x509.load_pem_x509_certificate(self.cert.read_bytes())
        return certificate.not_valid_after_utc.astimezone(UTC)


def client_context(trust: Path, cert: Path, key: Path | None) -> ssl.SSLContext:
    """TLS context of a client that shows an identity and checks its server's, name included. OSError for bad files."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(trust))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    return context


def workload_of(names: Iterable[bytes | str]) -> str | None:
    """The service that a peer is, from the subject alternative names of its certificate; None if it is none of ours."""
    for name in names:
        text = name.decode() if isinstance(name, bytes) else name
        if text.startswith(SPIFFE_PREFIX):
            return text.removeprefix(SPIFFE_PREFIX)
    return None
