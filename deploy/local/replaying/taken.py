"""Which events each service takes: as its consumers declare. That each was taken, once, is for the books to show."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from deploy.chain.reading import read_chain
from deploy.local.replaying.facts import CERTIFICATES_TOPIC, GRID_TOPIC, INSPECTION_TOPIC, Fact

GRID, INSPECTION, CERTIFICATES, NOTIFICATION = "grid", "inspection", "certificates", "notification"
SERVICES = (GRID, INSPECTION, CERTIFICATES, NOTIFICATION)
TOPIC_OF = {GRID: GRID_TOPIC, INSPECTION: INSPECTION_TOPIC, CERTIFICATES: CERTIFICATES_TOPIC}
"""The topics that are read back event by event."""


def taken_by(service: str, facts: Iterable[Fact]) -> int:
    """How many of these events a service takes; one that two of its consumers take counts twice."""
    return sum(_consumers().get((service, fact.topic, fact.type), 0) for fact in facts)


@cache
def _consumers() -> dict[tuple[str, str, str], int]:
    """How many consumers a service has for an event of a topic."""
    counts: dict[tuple[str, str, str], int] = {}
    for event in read_chain().events:
        for taking in event.takings:
            key = taking.service, f"egov.{event.publisher}.v1", event.name
            counts[key] = counts.get(key, 0) + 1
    return counts
