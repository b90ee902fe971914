"""Several events of one partition in one transaction: what a consumer does when more than one lies at hand.

All of them become true together: position, inbox rows, effects, and what the handlers record. What goes wrong is not
judged here. The batch is undone and made smaller: the events before the culprit go through without it, and it is taken
by itself, where every failure has its outcome (`taking`). So a batch has two outcomes only, "taken" and "duplicate".
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

from services.chassis import telemetry
from services.chassis.database import is_away
from services.chassis.envelope import BadEnvelope, Envelope, belongs, open_envelope
from services.chassis.eventdays import unfit_day
from services.chassis.faultpoints import faultpoint
from services.chassis.inbox import Arrival, admit_all, known_of
from services.chassis.positions import Fenced
from services.chassis.taking import Taker

if TYPE_CHECKING:
    from services.chassis.transaction import Transaction

MOST = 100
# Rows that a handler changed stay locked until the commit, and an RPC waits for a lock no longer than a second.
LONGEST_S = 0.2


class Item(NamedTuple):
    """One event of a batch."""

    arrival: Arrival
    envelope: Envelope


class _Undone(Exception):
    """The batch is to be tried again with so many of its events."""

    def __init__(self, most: int) -> None:
        super().__init__("undone")
        self.most = most


class Batches:
    """Takes batches for one consumer id."""

    def __init__(self, runtime: Any, taker: Taker) -> None:
        self._runtime = runtime
        self._taker = taker

    def take(self, records: Sequence[Any], expected: int) -> list[str]:
        """Take the first of these records together, as many as go; their outcomes.

        No outcome: the first of them is to be taken by itself. Raises Fenced, and errors of a database that is away.
        """
        items = self._fit(records, expected)
        while len(items) > 1:
            try:
                return self._take(items, expected)
            except _Undone as undone:
                items = items[: undone.most]
        return []

    def _fit(self, records: Sequence[Any], expected: int) -> list[Item]:
        """The records up to the first that is no event of ours, or too old: it is parked by itself."""
        items: list[Item] = []
        today = self._runtime.clock.now().astimezone(UTC).date()
        for record in records[:MOST]:
            try:
                envelope = open_envelope(record.headers)
            except BadEnvelope:
                break
            arrival = self._taker.arrival(record, expected, envelope)
            if not belongs(envelope, record.topic) or unfit_day(arrival.day, today):
                break
            items.append(Item(arrival, envelope))
        return items

    def _take(self, items: Sequence[Item], expected: int) -> list[str]:
        """Raises _Undone when it could not be done with all of them."""
        outcomes: list[str] = []
        spans: list[telemetry.Span] = []
        try:
            with self._taker.own_transaction(None) as whole:
                self._handle_all(items, expected, whole, outcomes, spans)
                if outcomes:
                    admit_all(whole.connection, self._to_list(items, outcomes), items[len(outcomes) - 1].arrival)
                    faultpoint("consumer.before_commit")
                    whole.commit()
                    faultpoint("consumer.after_commit")
        except (Fenced, _Undone):
            _end(spans, "UNDONE")
            raise
        except Exception as error:
            _end(spans, "UNDONE")
            if is_away(error):
                raise
            raise _Undone(len(outcomes) // 2) from error
        _end(spans)
        return outcomes

    def _to_list(self, items: Sequence[Item], outcomes: Sequence[str]) -> list[Arrival]:
        """What the inbox is told of."""
        if not self._taker.lists:
            return []
        return [item.arrival for item, outcome in zip(items, outcomes, strict=False) if outcome == "taken"]

    def _handle_all(
        self,
        items: Sequence[Item],
        expected: int,
        whole: Transaction,
        outcomes: list[str],
        spans: list[telemetry.Span],
    ) -> None:
        """One handler after the other, until a key is held or it takes too long. Raises Fenced, _Undone."""
        found = known_of(whole.connection, [item.arrival for item in items], listed=self._taker.lists)
        faultpoint("consumer.after_admit")
        if found.next_offset != expected:
            raise Fenced
        if self._taker.observes:
            self._observe(items, found, whole, outcomes)
            return
        seen, end = set(found.known), time.monotonic() + LONGEST_S
        for item in items:
            if item.arrival.key in found.held or (outcomes and time.monotonic() > end):
                return
            if item.arrival.event_id in seen:
                outcomes.append("duplicate")
                continue
            seen.add(item.arrival.event_id)
            self._handle(item, whole, len(outcomes), spans)
            outcomes.append("taken")

    def _observe(self, items: Sequence[Item], found: Any, whole: Transaction, outcomes: list[str]) -> None:
        """The observer takes them all in one call, up to a held key. Raises _Undone with half of them: any may fail."""
        seen: set[str] = set()
        fresh: list[Item] = []
        for item in items:
            if item.arrival.key in found.held:
                break
            known = item.arrival.event_id in seen
            outcomes.append("duplicate" if known else "taken")
            if not known:
                seen.add(item.arrival.event_id)
                fresh.append(item)
        if not fresh:
            return
        try:
            self._taker.observe([item.envelope for item in fresh], whole, uncounted=fresh[0].arrival)
        except Exception as error:
            if is_away(error):
                raise
            raise _Undone(len(outcomes) // 2) from error

    def _handle(self, item: Item, whole: Transaction, place: int, spans: list[telemetry.Span]) -> None:
        """Raises _Undone with the number of events before this one, when it is the culprit."""
        arrival, envelope = item
        span = self._taker.span(envelope, arrival.topic)
        spans.append(span)
        with span.open():
            if envelope.case_number:
                telemetry.set_case(envelope.case_number)
            call = self._taker.call(envelope)
            try:
                self._taker.handle(envelope, arrival.body, call, whole.part(call), uncounted=arrival)
            except Exception as error:
                if is_away(error):
                    raise
                raise _Undone(place) from error


def _end(spans: Sequence[telemetry.Span], failure: str | None = None) -> None:
    """The work of these spans is committed now, or undone."""
    for span in spans:
        if failure is None:
            span.set("egov.event.outcome", "taken")
        else:
            span.fail(failure)
        span.end()
