"""What a process of a service tells of itself at one moment: its metrics, as far as the health page needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

# The observer asks every service every other second; what it causes itself is none of the service's traffic.
OWN_QUESTIONS = "egov.chassis.v1.OperationsService/ListEffects"
# Processes tell of themselves every 15 s; one that misses three times and a bit is not there.
SILENT_AFTER = timedelta(seconds=60)
# Faults of ours, as the alert CallsFailing counts them: what a caller did wrong is answered with other codes.
FAULTS = frozenset({"INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"})


class Process(NamedTuple):
    """One life of a process. `began_at` is None where it does not say."""

    service: str
    instance: str
    began_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """Counts since the process began, and how it stands. None, or left out: it does not tell.

    `seconds`: calls by duration, one number for each bucket of the registry and one for those beyond the last.
    `lags`, `parkeds`: by consumer. `outbox_age`: seconds.
    """

    process: Process
    at: datetime
    calls: int | None = None
    failed: int | None = None
    seconds: tuple[int, ...] | None = None
    outbox_depth: int | None = None
    outbox_age: float | None = None
    leads: bool | None = None
    ready: bool | None = None
    restored: bool | None = None
    pool_in_use: int | None = None
    pool_size: int | None = None
    lags: Mapping[str, int] = field(default_factory=dict)
    parkeds: Mapping[str, int] = field(default_factory=dict)


def is_fault(code: str) -> bool:
    """Whether a call that was answered with this gRPC or HTTP status failed by a fault of ours."""
    return code in FAULTS or (len(code) == 3 and code.startswith("5"))


def by_service(reports: Iterable[Report]) -> dict[str, list[Report]]:
    """Reports by their service."""
    found: dict[str, list[Report]] = {}
    for report in reports:
        found.setdefault(report.process.service, []).append(report)
    return found
