"""Calls past the gateway, with the TLS identity of a part: what the gateway and the services themselves could send."""

from __future__ import annotations

import grpc

from tests.e2e.city import City


def channel(city: City, service: str, peer: str) -> grpc.Channel:
    """A connection to a service with the TLS identity of a peer."""
    files = city.stack.identities.workload(peer)
    trust, key, cert = files.trust.read_bytes(), files.key.read_bytes(), files.cert.read_bytes()
    options = [("grpc.ssl_target_name_override", service), ("grpc.enable_retries", 0)]
    address = city.stack.addresses()[f"{service}-rpc"]
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(trust, key, cert), options)
