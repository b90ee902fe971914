"""One RPC on its way through the interceptors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import grpc

from services.chassis.audit import AuditWriter
from services.chassis.call import Call
from services.chassis.contract import Method
from services.chassis.runtime import Runtime
from services.chassis.tokens import TokenVerifier
from services.kernel.errors import Refusal


@dataclass(slots=True)
class Exchange:
    """The raw request with its metadata on the way in; what was refused, if anything, on the way out.

    `peer` holds the names of the peer's TLS identity. `refusal` is set by the errors interceptor; the answer is then
    empty.
    """

    call: Call
    raw: bytes
    metadata: Mapping[str, str]
    peer: tuple[bytes, ...]
    time_left: float | None
    refusal: Refusal | None = None
    replayed: bool = False
    trace_id: str = ""


@dataclass(frozen=True)
class Desk:
    """What the interceptors of one process share."""

    runtime: Runtime
    verifier: TokenVerifier
    audit: AuditWriter


Step = Callable[[Exchange], bytes]


class Interceptor(Protocol):
    """Made once per method at start; returns the step that runs in every call. Calls `proceed` at most once."""

    def __call__(self, method: Method, desk: Desk, proceed: Step) -> Step:
        """The step of this interceptor in front of `proceed`."""
        ...


def metadata_of(context: grpc.ServicerContext) -> dict[str, str]:
    """The call's metadata with text values, by lower-case name; of a name given twice, the first."""
    found: dict[str, str] = {}
    for key, value in context.invocation_metadata():
        if isinstance(value, str):
            found.setdefault(key, value)
    return found


def peer_of(context: Any) -> tuple[bytes, ...]:
    """The subject alternative names of the peer's certificate; none without mutual TLS."""
    return tuple(context.auth_context().get("x509_subject_alternative_name", ()))
