"""A unit of work and callers for tests of use cases: real rules, no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message

from services.chassis.envelope import Envelope, seal
from services.kernel import casenumber, regions
from services.kernel.clock import shanghai_day
from services.kernel.ids import uuid7
from services.kernel.ports import Caller

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
WANG = "018f3c4e-0000-7000-8000-000000000001"


def caller(
    *,
    subject: str | None = None,
    department: str | None = None,
    client_id: str | None = "rizhao-ssp",
    region: str = "371100",
    enterprise: str | None = None,
) -> Caller:
    return Caller(
        workload="gateway",
        client_id=client_id,
        subject=subject,
        department=department,
        region=region,
        roles=frozenset(),
        scopes=frozenset(),
        level=2 if subject else 0,
        anonymous=False,
        enterprise=enterprise,
    )


@dataclass
class FakeUnitOfWork:
    """Keeps what a use case records; an event must be one that the chassis would take."""

    caller: Caller = field(default_factory=caller)
    at: datetime = NOW
    digit: int = casenumber.DIGIT["grid"]
    events: list[Message] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    jobs: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    dues: dict[tuple[str, str], datetime] = field(default_factory=dict)
    case_number: str | None = None
    serial: int = 0

    def now(self) -> datetime:
        return self.at

    def record(self, event: Any) -> None:
        envelope = seal(
            event, id=str(uuid7()), source="/egov/test", time=self.at, case_number=self.case_number, actor=None
        )
        self.events.append(event)
        self.envelopes.append(envelope)

    def enqueue(self, job_name: str, payload: dict[str, Any], key: str) -> None:
        self.jobs.append((job_name, payload, key))

    def set_due(self, name: str, key: str, at: datetime) -> None:
        self.dues[name, key] = at

    def cancel_due(self, name: str, key: str) -> None:
        self.dues.pop((name, key), None)

    def open_case(self, region: str) -> str:
        self.serial += 1
        day = shanghai_day(self.at)
        self.case_number = str(casenumber.make(regions.county_of(region), day, self.digit, self.serial))
        return self.case_number
