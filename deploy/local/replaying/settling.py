"""Waits until nothing is on its way between the services, so that the books can be compared.

Each service's outbox has to be empty and each of its consumers at the end of its topic. A service's own word may be a
moment old, and what one takes may make another send: so twice in a row nothing may be on its way, and nothing may have
come to Kafka in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from deploy.local.replaying.accounts import Counts
from deploy.local.replaying.kafkalog import Ends, KafkaLog
from deploy.local.replaying.taken import NOTIFICATION, SERVICES

PATIENCE_S, ASK_EVERY_S = 60.0, 0.25

Ask = Callable[[str], dict[str, Any]]
Progress = Callable[[int, int], None]


class NotSettled(Exception):
    """Work is on its way and nothing moves; the text says which."""


def settled(ask: Ask, log: KafkaLog, progress: Progress, patience_s: float = PATIENCE_S) -> tuple[Ends, Counts]:
    """Wait, as long as something moves, then give Kafka's ends and the services' figures, of the same moment.

    `ask` gives a service's status. Raises NotSettled when nothing moved for `patience_s`.
    """
    most = least = 0
    moved_at = time.monotonic()
    quiet: Ends = {}
    while True:
        statuses = {service: ask(service) for service in SERVICES}
        ends = log.ends()
        waits = on_its_way(statuses, ends)
        left = sum(waits.values())
        if not left and ends == quiet:
            if most:
                progress(most, most)
            return ends, counts(statuses)
        quiet = {} if left else ends
        if left:
            most = max(most, left)
            progress(most - left, most)
        if left < least or not least:
            least, moved_at = left, time.monotonic()
        if time.monotonic() > moved_at + patience_s:
            named = ", ".join(f"{name} {count:,}" for name, count in waits.items() if count)
            raise NotSettled(f"Work is on its way and nothing moved for {patience_s:.0f} s: {named or 'new events'}.")
        time.sleep(ASK_EVERY_S)


def on_its_way(statuses: Mapping[str, Mapping[str, Any]], ends: Ends) -> dict[str, int]:
    """What the services' statuses say is not yet done, by name."""
    waits: dict[str, int] = {}
    for service, status in statuses.items():
        waits[f"{service}'s outbox"] = int(status["outboxDepth"])
        waits[f"events that {service} has not come to"] = behind(status, ends)
        waits[f"events that {service} tries again"] = int(status["deferred"])
    return waits


def behind(status: Mapping[str, Any], ends: Ends) -> int:
    """Records that the consumers of a service have not come to, over all of them."""
    left = 0
    for consumer in status.get("consumers", ()):
        end = ends.get(consumer["topic"], {}).get(int(consumer["partition"]), 0)
        left += max(0, end - int(consumer["position"]))
    return left


def counts(statuses: Mapping[str, Mapping[str, Any]]) -> Counts:
    """The figures that the accounts need, from the services' statuses."""
    return Counts(
        logged={name: int(status["eventsLogged"]) for name, status in statuses.items()},
        taken={name: sum(map(int, status.get("eventsTaken", {}).values())) for name, status in statuses.items()},
        parked=sum(int(status["parked"]) + int(status["waiting"]) for status in statuses.values()),
        jobs_pending=int(statuses[NOTIFICATION]["jobsPending"]),
    )
