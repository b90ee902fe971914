"""What both fuzzers share: who calls, how many calls, and that a refused call leaves nothing behind.

Examples are the same in every run. FUZZ_EXAMPLES asks for more of each method than the few of `make test`.
"""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from deploy.local.client import TokenSource
from tests.e2e.city import COUNTY, City

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
# Tables that nothing but a call from outside puts a row into, and the method that does.
MADE_BY = {
    ("grid", "incident"): "FileIncident",
    ("identity", "member"): "RegisterMember",
    ("identity", "holder"): "RegisterHolder",
    ("certificates", "certificate"): "IssueCertificate",
}
SERVICES = ("identity", "grid", "inspection", "certificates", "notification")


def for_each(strategy: SearchStrategy[Any], share: int = 1) -> Callable[[Callable[[Any], None]], None]:
    """Runs the check, once for every example of the strategy; a failure shows the smallest example."""

    def run(check: Callable[[Any], None]) -> None:
        quietly = settings(
            max_examples=EXAMPLES * share, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
        )
        quietly(given(strategy)(check))()

    return run


class Attack:
    """A person of the city for every scope, and the books of what was refused and what was done."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.refused: list[str] = []
        self.done: Counter[str] = Counter()
        people, county = city.people, COUNTY
        self._callers: list[TokenSource] = [
            people.seat(county), *(people.officer(f"{county}-{name}") for name in ("SCJG", "CGJ")),
            people.operations, people.citizens, people.office,
        ]  # fmt: skip
        filed = city.file()
        self.incident: dict[str, Any] = filed.body["incident"]
        self._accepted = filed.trace_id
        self._before = self._rows()

    def token(self, scope: str) -> str | None:
        """A token of the first who holds the scope, persons before systems; of the citizens' app if there is none."""
        if not scope:
            return None
        tokens = [caller.token() for caller in self._callers]
        return next((token for token in tokens if scope in scopes(token)), tokens[-2])

    def came_of(self, method: str, trace_id: str, done: bool) -> None:
        """Write down what a call of the method came to."""
        if done:
            self.done[method.rpartition("/")[2]] += 1
        elif trace_id:
            self.refused.append(trace_id)

    def half_effects(self) -> Iterator[str]:
        """What is left of refused calls: events in their traces, rows that no accepted call accounts for."""
        assert self._events("grid", [self._accepted]), "events are not found by their trace"
        for service in SERVICES:
            yield from (f"{service}: {event} of a refused call" for event in self._events(service, self.refused))
        after = self._rows()
        for place, method in MADE_BY.items():
            if (more := after[place] - self._before[place]) != self.done[method]:
                yield f"{place}: {more} new rows, {self.done[method]} accepted calls"

    def _events(self, service: str, trace_ids: list[str]) -> list[str]:
        """Types of the events that were recorded in these traces."""
        of_traces = "SELECT type FROM chassis.event_log WHERE split_part(traceparent, '-', 2) = ANY(%s)"
        return [row["type"] for row in self.city.rows(service, of_traces, trace_ids)]

    def _rows(self) -> dict[tuple[str, str], int]:
        return {
            (name, table): int(self.city.one(name, f"SELECT count(*) FROM {table}")["count"]) for name, table in MADE_BY
        }


def scopes(token: str) -> list[str]:
    """The scopes that a token says it has."""
    claims = token.split(".")[1]
    said: str = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["scope"]
    return said.split()
