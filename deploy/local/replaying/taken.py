"""Which events each service takes: said here once more, so that the books do not take the services' own word for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from deploy.local.replaying.facts import (
    CERTIFICATES_TOPIC,
    GRID_TOPIC,
    IDENTITY_TOPIC,
    INSPECTION_TOPIC,
    NOTIFIED,
    Fact,
)

GRID, INSPECTION, CERTIFICATES, NOTIFICATION = "grid", "inspection", "certificates", "notification"
SERVICES = (GRID, INSPECTION, CERTIFICATES, NOTIFICATION)
TOPIC_OF = {GRID: GRID_TOPIC, INSPECTION: INSPECTION_TOPIC, CERTIFICATES: CERTIFICATES_TOPIC}
"""The topics that are read back event by event."""

# Every service keeps a list of whom to deny.
_DENIED = frozenset(
    (IDENTITY_TOPIC, f"egov.identity.v1.{name}")
    for name in ("SubjectDisabled", "SubjectEnabled", "ClientDisabled", "ClientEnabled")
)

TAKES: Mapping[str, frozenset[tuple[str, str]]] = {
    GRID: _DENIED
    | {(INSPECTION_TOPIC, f"egov.inspection.v1.{name}") for name in ("InspectionOpened", "InspectionClosed")},
    INSPECTION: _DENIED
    | {(GRID_TOPIC, "egov.grid.v1.IncidentDispatched"), (CERTIFICATES_TOPIC, "egov.chassis.v1.EventRefused")},
    CERTIFICATES: _DENIED
    | {(INSPECTION_TOPIC, f"egov.inspection.v1.{name}") for name in ("FindingRecorded", "InspectionClosed")},
    NOTIFICATION: _DENIED | {(kind.rpartition(".")[0], kind) for kind in NOTIFIED},
}
"""By service the events that one of its consumers takes, each with its topic."""


def taken_by(service: str, facts: Iterable[Fact]) -> int:
    """How many of these events a service takes."""
    return sum((fact.topic, fact.type) in TAKES[service] for fact in facts)
