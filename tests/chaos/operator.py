"""The operator of a run: tries again what was parked because faults ended its process again and again.

The chassis cannot tell a fault of the harness from a handler that ends its process; a person can.
"""

from __future__ import annotations

from collections.abc import Collection

from deploy.local.client import ApiError, Gateway, Unreachable
from deploy.local.people import People
from deploy.local.stackfile import Stack
from tests.chaos.clerk import Json

WHY = "its process was ended by faults of the run"
PAGE = 200


class Operator:
    """Looks after the parked events of these services, through the gateway."""

    def __init__(self, where: Stack, services: Collection[str]) -> None:
        self._gateway = Gateway(where.gateway, where.trust, patience_s=0.0)
        # A person of operations reads; acts are the operations centre's own.
        self._door = People(self._gateway, where).operations
        self._services = services
        self.retried: set[tuple[str, str]] = set()

    def look(self) -> None:
        """Retry what a process did not survive; what was parked for any other reason is a finding."""
        for service in self._services:
            try:
                for event in self._parked(service):
                    self._retry(service, event)
            except (ApiError, Unreachable):
                # It is not there again yet.
                continue

    def close(self) -> None:
        """Close the connection."""
        self._gateway.close()

    def _parked(self, service: str) -> list[Json]:
        answer = self._gateway.get(f"/v1/operations/{service}/parked", {"page.pageSize": str(PAGE)}, door=self._door)
        events: list[Json] = answer.body["events"]
        return [
            each for each in events
            if each["state"] == "PARKED_STATE_PARKED" and each["reason"] == "HANDLER_CRASHED"
        ]  # fmt: skip

    def _retry(self, service: str, event: Json) -> None:
        path = f"/v1/operations/{service}/parked/{event['eventId']}:retry"
        self._gateway.post(path, {"consumer": event["consumer"], "reason": WHY}, door=self._door)
        self.retried.add((event["consumer"], event["eventId"]))
