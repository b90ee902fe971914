"""Waits until nothing is on its way between grid and notification, so that the books can be compared.

A service's own word on how far behind it is may be a moment old, and knows only the partitions that its process takes.
So the order matters: grid's outbox is empty, then Kafka's ends are read, then notification's positions have reached
them and its own queues are empty.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from deploy.local.replaying.accounts import TAKEN, Counts
from deploy.local.replaying.kafkalog import GRID_TOPIC, KafkaLog

PATIENCE_S, ASK_EVERY_S = 60.0, 0.25
LOOKED_INTO = 100

Ask = Callable[[str], dict[str, Any]]
Progress = Callable[[int, int], None]


class NotSettled(Exception):
    """Work is on its way and nothing moves; the text says which."""


def settled(ask: Ask, log: KafkaLog, progress: Progress, patience_s: float = PATIENCE_S) -> Counts:
    """Wait, as long as something moves, then give the services' figures. `ask` gives a service's status.

    Raises NotSettled when nothing moved for `patience_s`.
    """
    most = least = 0
    moved_at = time.monotonic()
    while True:
        grid = ask("grid")
        ends = log.ends()
        notification = ask("notification")
        waits = on_its_way(grid, notification, behind(log, ends, notification))
        left = sum(waits.values())
        if not left:
            if most:
                progress(most, most)
            return counts(grid, notification)
        most = max(most, left)
        progress(most - left, most)
        if left < least or not least:
            least, moved_at = left, time.monotonic()
        if time.monotonic() > moved_at + patience_s:
            named = ", ".join(f"{name} {count:,}" for name, count in waits.items() if count)
            raise NotSettled(f"Work is on its way and nothing moved for {patience_s:.0f} s: {named}.")
        time.sleep(ASK_EVERY_S)


def behind(log: KafkaLog, ends: Mapping[str, Mapping[int, int]], notification: Mapping[str, Any]) -> int:
    """How many incident events notification has not taken. Positions stay before records that it has no use for."""
    reached = positions(notification)
    since = {GRID_TOPIC: {number: min(reached.get(number, 0), end) for number, end in ends[GRID_TOPIC].items()}}
    left = sum(end - since[GRID_TOPIC][number] for number, end in ends[GRID_TOPIC].items())
    if left > LOOKED_INTO:
        return left
    return sum(fact.type in TAKEN for fact in log.grid_events(since, ends))


def positions(status: Mapping[str, Any]) -> dict[int, int]:
    """The next offset to take by partition of grid's topic; the slowest consumer counts."""
    slowest: dict[int, int] = {}
    for consumer in status.get("consumers", ()):
        if consumer["topic"] == GRID_TOPIC:
            partition, position = int(consumer["partition"]), int(consumer["position"])
            slowest[partition] = min(position, slowest.get(partition, position))
    return slowest


def on_its_way(grid: Mapping[str, Any], notification: Mapping[str, Any], left: int) -> dict[str, int]:
    """What two services' statuses say is not yet done, by name."""
    return {
        "grid's outbox": int(grid["outboxDepth"]),
        "events to be taken": left,
        "deferred events": int(notification["deferred"]),
        "notification's outbox": int(notification["outboxDepth"]),
    }


def counts(grid: Mapping[str, Any], notification: Mapping[str, Any]) -> Counts:
    """The figures that the accounts need, from two services' statuses."""
    return Counts(
        grid_logged=int(grid["eventsLogged"]),
        notification_taken=sum(int(count) for count in notification.get("eventsTaken", {}).values()),
        notification_logged=int(notification["eventsLogged"]),
        parked=int(notification["parked"]) + int(notification["waiting"]),
        jobs_pending=int(notification["jobsPending"]),
    )
