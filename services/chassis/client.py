"""Calls to other services: reads only, with the caller's deadline and trace, never inside a transaction.

A change in another service happens by event. Channels balance round robin over a list of addresses or a DNS name. An
answer may be kept for as long as the contract allows; while the service is down, one up to a day old is served.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.rpc import status_pb2
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.chassis import telemetry
from services.chassis.answers import Answers
from services.chassis.call import Call, outside_transaction
from services.chassis.contract import ContractError, Method, methods_of
from services.chassis.interceptors.errors import KINDS, read_status
from services.chassis.runtime import Runtime
from services.chassis.settings import Address, ConfigurationError
from services.kernel.errors import Kind, Refusal, timed_out

LONGEST_CALL_S = 5.0
STALE_S = 24 * 3600
ADDRESS_KEY = "EGOV_ADDRESS_{}"
DETAILS = "grpc-status-details-bin"
RETRY = {
    "maxAttempts": 3,
    "initialBackoff": "0.05s",
    "maxBackoff": "0.5s",
    "backoffMultiplier": 3,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


class Channel:
    """One other service, as this process reaches it."""

    def __init__(self, runtime: Runtime, contract: ServiceDescriptor, service: str) -> None:
        self._runtime = runtime
        self._contract = contract
        self._service = service
        self.methods = methods_of(contract)
        self._answers = Answers()
        self._channel: grpc.Channel | None = None
        self._calls: dict[str, Callable[..., Any]] = {}

    def open(self) -> None:
        """Prepare the channel; it connects with the first call. Raises ConfigurationError without a good address."""
        options = [
            ("grpc.ssl_target_name_override", self._service),
            ("grpc.service_config", _service_config(self._contract.full_name)),
            ("grpc.enable_retries", 1),
            ("grpc.keepalive_time_ms", 20_000),
            ("grpc.keepalive_timeout_ms", 5_000),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ]
        target = target_of(self._service, self._runtime.environment)
        self._channel = grpc.secure_channel(target, self._runtime.tls.channel_credentials(), options)
        for method in self.methods.values():
            self._calls[method.name] = self._channel.unary_unary(
                method.path, request_serializer=None, response_deserializer=method.response.FromString
            )

    def close(self) -> None:
        """Give the connections up."""
        if self._channel is not None:
            self._channel.close()

    def call(self, name: str, request: Message, call: Call) -> Message:
        """Ask, on behalf of `call`. Raises the peer's Refusal, or UNAVAILABLE or DEADLINE_PASSED of our own.

        Refuses inside a transaction also what it could answer by itself: next time it could not.
        """
        method, raw = self.methods[name], request.SerializeToString(deterministic=True)
        outside_transaction(method.full_name)
        key = (name, raw)
        if method.cache_seconds and (kept := self._answers.get(key, method.cache_seconds)) is not None:
            return kept
        try:
            answer = self._ask(method, raw, call)
        except Refusal as refusal:
            bridged = method.cache_seconds and refusal.kind in _OURS_TO_BRIDGE
            stale = self._answers.get(key, STALE_S) if bridged else None
            if stale is None:
                raise
            return stale
        if method.cache_seconds:
            self._answers.put(key, answer)
        return answer

    def _ask(self, method: Method, raw: bytes, call: Call) -> Message:
        timeout = min(call.remaining(), LONGEST_CALL_S)
        if timeout <= 0:
            raise timed_out()
        attributes = {"rpc.system.name": "grpc", "rpc.method": method.full_name, "server.address": self._service}
        with telemetry.span(method.full_name, kind="client", attributes=attributes) as span:
            metadata = [("traceparent", span.traceparent), ("accept-language", call.language)]
            if call.case_number:
                metadata.append(("egov-case-number", call.case_number))
            try:
                return cast(Message, self._calls[method.name](raw, timeout=timeout, metadata=metadata))
            except grpc.RpcError as error:
                refusal = _refusal_of(error)
                span.set("rpc.response.status_code", error.code().name)
                span.fail(refusal.reason)
                raise refusal from None


_OURS_TO_BRIDGE = frozenset({Kind.UNAVAILABLE, Kind.TIMED_OUT, Kind.EXHAUSTED, Kind.INTERNAL})


def _refusal_of(error: Any) -> Refusal:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS:
            return read_status(status_pb2.Status.FromString(value))
    kind = KINDS.get(error.code(), Kind.UNAVAILABLE)
    if kind is Kind.TIMED_OUT:
        return timed_out()
    return Refusal("UNAVAILABLE", Kind.UNAVAILABLE, retry_after_s=1.0)


def target_of(service: str, environment: Mapping[str, str]) -> str:
    """Where a service is: `ipv4:` for a list of numeric addresses, `dns:` for one name that may stand for many.

    Raises ConfigurationError when EGOV_ADDRESS_<SERVICE> says neither.
    """
    key = ADDRESS_KEY.format(service.upper())
    try:
        addresses = [Address.parse(part) for part in environment.get(key, "").split(",")]
    except ValueError:
        raise ConfigurationError([f"{key} must be host:port[,host:port]"]) from None
    numeric = all(address.host.replace(".", "").isdigit() for address in addresses)
    if not numeric and len(addresses) > 1:
        raise ConfigurationError([f"{key} must be one name or several numeric addresses"])
    return f"ipv4:{','.join(map(str, addresses))}" if numeric else f"dns:///{addresses[0]}"


def _service_config(service: str) -> str:
    return json.dumps(
        {
            "loadBalancingConfig": [{"round_robin": {}}],
            "methodConfig": [{"name": [{"service": service}], "retryPolicy": RETRY}],
        }
    )


class Peer:
    """Another service inside a worker: `self.identity.GetRegion(request)` answers its response."""

    def __init__(self, channel: Channel, call: Call) -> None:
        self._channel = channel
        self._call = call

    def __getattr__(self, name: str) -> Callable[[Message], Any]:
        if name not in self._channel.methods:
            raise AttributeError(name)
        return lambda request: self._channel.call(name, request, self._call)


class GrpcClientsProvider(DependencyProvider):
    """Gives each worker every other service whose address the environment names, for what all of them answer."""

    def __init__(self, contract: ServiceDescriptor) -> None:
        self._contract = contract

    def setup(self) -> None:
        """Prepare a channel to each. Raises ConfigurationError for an address that is none."""
        runtime = self.container.runtime
        prefix = ADDRESS_KEY.format("")
        names = [key.removeprefix(prefix).lower() for key in runtime.environment if key.startswith(prefix)]
        self._channels = {
            name: Channel(runtime, self._contract, name) for name in sorted(names) if name != runtime.service
        }  # fmt: skip
        for channel in self._channels.values():
            channel.open()

    def stop(self) -> None:
        """Give the connections up."""
        for channel in self._channels.values():
            channel.close()

    def get_dependency(self, worker_ctx: WorkerContext) -> dict[str, Peer]:
        """The services by name, for this call."""
        return {name: Peer(channel, worker_ctx.data["call"]) for name, channel in self._channels.items()}


class GrpcClientProvider(DependencyProvider):
    """Gives each worker the other service, bound to its call."""

    def __init__(self, contract: ServiceDescriptor, service: str) -> None:
        self.contract = contract
        self.service = service

    def setup(self) -> None:
        """Prepare the channel. Raises ContractError when the contract offers this service nothing to read."""
        methods = methods_of(self.contract).values()
        name = self.container.runtime.service
        if not any(name in method.access.inward.services for method in methods):
            raise ContractError(f"{self.contract.full_name} has no inward method for {name}")
        self._channel = Channel(self.container.runtime, self.contract, self.service)
        self._channel.open()

    def stop(self) -> None:
        """Give the connections up."""
        self._channel.close()

    def get_dependency(self, worker_ctx: WorkerContext) -> Peer:
        """The other service, for this call."""
        return Peer(self._channel, worker_ctx.data["call"])


def GrpcClient(contract: ServiceDescriptor, *, service: str) -> Peer:
    """Declare a service that is read from: `identity = GrpcClient(IDENTITY, service="identity")`."""
    return cast(Peer, GrpcClientProvider(contract, service))


def GrpcClients(contract: ServiceDescriptor) -> dict[str, Peer]:
    """Declare all services that there are, by name: `services = GrpcClients(OPERATIONS)`."""
    return cast("dict[str, Peer]", GrpcClientsProvider(contract))
