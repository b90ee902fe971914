"""What use cases take as arguments: who calls, and the unit of work. The chassis provides both; tests bring theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

PartyKind = Literal["person", "enterprise", "client", "service", "anonymous"]


@dataclass(frozen=True)
class Caller:
    """Who calls. The workload is told by its TLS identity, person, enterprise and client only by a token."""

    workload: str
    """Name of the calling workload, such as `gateway` or `grid`."""
    client_id: str | None
    """Client id of the member system, None for a service or an anonymous caller."""
    subject: str | None
    """UUID of the person, or of the enterprise as holder; None when a system speaks for itself. See `person`."""
    department: str | None
    """Department code of the person, None when there is none."""
    region: str
    """Region code that the caller is bound to; empty: none."""
    roles: frozenset[str]
    """Roles of the person, such as `seat` or `officer`; `enterprise` of an enterprise."""
    scopes: frozenset[str]
    """Scopes of the token."""
    level: int
    """Assurance level at which the person was recognised, 1 to 3; 0 without a person."""
    anonymous: bool
    """No token was shown, and none was needed."""
    enterprise: str | None = None
    """Unified social credit code of the enterprise that calls, None for all others."""

    @property
    def person(self) -> str | None:
        """UUID of the person; None when an enterprise or a system speaks for itself."""
        return None if self.enterprise else self.subject

    @property
    def party(self) -> tuple[PartyKind, str]:
        """For whom the call is made, as (kind, id): the person or enterprise, else the client, else the service."""
        if self.enterprise:
            return "enterprise", self.enterprise
        if self.subject:
            return "person", self.subject
        if self.client_id:
            return "client", self.client_id
        return ("anonymous", "") if self.anonymous else ("service", self.workload)


class UnitOfWork(Protocol):
    """One change: what happens in it becomes true together at its commit, or not at all."""

    @property
    def caller(self) -> Caller:
        """Who caused the change."""
        ...

    def now(self) -> datetime:
        """The moment of the change, aware, UTC; the same at every call."""
        ...

    def record(self, event: Any) -> None:
        """Publishes a fact with the commit. `event`: a protobuf message marked as event, envelope fields filled."""
        ...

    def enqueue(self, job_name: str, payload: dict[str, Any], key: str) -> None:
        """Leaves durable work for after the commit. `payload` is JSON; one job per job name and `key` is kept."""
        ...

    def set_due(self, name: str, key: str, at: datetime) -> None:
        """Has the service's timer of that name called for `key` at a moment, and at none that was set before."""
        ...

    def cancel_due(self, name: str, key: str) -> None:
        """Nothing is due by that name for `key` any more."""
        ...

    def open_case(self, region: str) -> str:
        """Takes a new case number for the county of `region` and makes it the case of this call."""
        ...
