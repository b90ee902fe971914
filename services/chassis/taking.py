"""Taking one event: position, inbox, effect and outcome in one transaction.

A domain refusal is an outcome, not a fault. What cannot be taken now is deferred and holds its key; what keeps failing
is parked for a person. Neither stops events of other keys.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

from services.chassis import facts, logs, metrics, telemetry
from services.chassis.call import SYSTEM, Call
from services.chassis.database import is_away, is_passing
from services.chassis.envelope import LONGEST_NEEDED, BadEnvelope, Envelope, belongs, open_envelope, text_of
from services.chassis.eventdays import day_of, unfit_day
from services.chassis.faultpoints import faultpoint
from services.chassis.inbox import Arrival
from services.chassis.positions import Fenced
from services.chassis.transaction import Transaction
from services.chassis.verdicts import CRASHES, Verdict, backoff, judge, next_state, report
from services.chassis.watchdog import Watched

if TYPE_CHECKING:
    from services.chassis.entrypoints import On, OnAny

log = logging.getLogger(__name__)


class Taker:
    """Takes events for one consumer id, by its methods; `observes`: by the one that takes all there is.

    `lists`: what was taken stands in the inbox, so that it is not taken twice. An observer keeps what it was told by
    itself, and knows it again: a second list of all events would cost it as much as the first.
    """

    def __init__(self, container: Any, consumer: str, entrypoints: Sequence[On | OnAny]) -> None:
        self._container = container
        self._runtime = container.runtime
        self.consumer = consumer
        self.observes = entrypoints[0].observes
        self.lists = not self.observes
        self._observer = entrypoints[0] if self.observes else None
        self._handlers = {} if self.observes else {each.kind.name: each for each in cast("Sequence[On]", entrypoints)}
        self.watched = Watched()

    def handler(self, event_type: str) -> On | OnAny | None:
        """The method that takes events of this type, if there is one."""
        return self._observer or self._handlers.get(event_type)

    def take(self, record: Any, expected: int, *, crashes: int = 0, patient: bool = False) -> str:
        """Take one record whose position is `expected`; returns the outcome.

        Raises Fenced, or database errors that the record is not to blame for: all that may pass while the caller is
        `patient`, later only those of a database that is away. `crashes` is how often the process ended while this
        record was first in hand.
        """
        try:
            return self._take_or_park(record, expected, crashes, patient)
        except Fenced:
            raise
        except Exception as error:
            if is_passing(error):
                raise
            # Not even its failure could be written down as it is; it must not hold the partition for ever.
            arrival = self.arrival(record, expected, None)
            report(self.consumer, arrival.event_id, arrival.event_type, error)
            return self._park(arrival, "UNREADABLE")

    def _take_or_park(self, record: Any, expected: int, crashes: int, patient: bool) -> str:
        try:
            envelope = open_envelope(record.headers)
        except BadEnvelope as bad:
            return self._park(self.arrival(record, expected, None), "NO_ENVELOPE", detail=bad.reason)
        arrival = self.arrival(record, expected, envelope)
        if not belongs(envelope, record.topic):
            return self._park(arrival, "FOREIGN_EVENT")
        if unfit := unfit_day(arrival.day, self._runtime.clock.now().astimezone(UTC).date()):
            return self._park(arrival, unfit, listed=False)
        if crashes > CRASHES:
            return self._park(arrival, "HANDLER_CRASHED", attempts=crashes - 1)
        with self.span(envelope, record.topic) as span:
            if envelope.case_number:
                telemetry.set_case(envelope.case_number)
            outcome = self._take(arrival, envelope, patient, counted=crashes > 0)
            span.set("egov.event.outcome", outcome)
        return outcome

    def arrival(self, record: Any, expected: int, envelope: Envelope | None) -> Arrival:
        """A record as an arrival. Without an envelope its place is its id, and its Kafka key is what is held."""
        return Arrival(
            consumer=self.consumer,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            expected=expected,
            key=envelope.key if envelope else text_of(record.key)[:LONGEST_NEEDED],
            event_id=envelope.id if envelope else f"{record.topic}:{record.partition}:{record.offset}",
            event_type=envelope.type if envelope else "unknown",
            case_number=envelope.case_number if envelope else None,
            day=day_of(envelope.id if envelope else "", self._runtime.clock.now()),
            headers=record.headers,
            body=b"" if self.observes else record.value or b"",
        )

    def _take(self, arrival: Arrival, envelope: Envelope, patient: bool, *, counted: bool) -> str:
        call = self.call(envelope)
        transaction = Transaction(self._runtime, call)
        try:
            admitted = arrival.admit(transaction.connection, "taken", listed=self.lists)
            faultpoint("consumer.after_admit")
            if not admitted.moved:
                raise Fenced
            if self.lists and not admitted.fresh:
                transaction.commit()
                return "duplicate"
            if admitted.held:
                arrival.park(transaction.connection, "WAITING", "BEHIND_ANOTHER", attempts=0, due_in=None)
                arrival.correct(transaction.connection, "waiting")
                transaction.commit()
                return "waiting"
            self.handle(envelope, arrival.body, call, transaction, uncounted=None if counted else arrival)
            faultpoint("consumer.before_commit")
            transaction.commit()
            faultpoint("consumer.after_commit")
            return "taken"
        except Fenced:
            raise
        except Exception as error:
            transaction.close()
            if is_away(error) or (patient and is_passing(error)):
                raise
            return self._not_taken(arrival, error)
        finally:
            transaction.close()

    def handle(
        self,
        envelope: Envelope,
        body: bytes,
        call: Call,
        transaction: Transaction,
        *,
        uncounted: Arrival | None = None,
    ) -> None:
        """Decode the event and run its method inside the transaction, watched; `uncounted` as in `watchdog.InHand`."""
        entrypoint = self.handler(envelope.type)
        assert entrypoint is not None
        event = entrypoint.opened(envelope, body)
        with self.watched.handler(call, transaction.connection, uncounted):
            faultpoint("consumer.in_handler")
            self._container.run_worker(entrypoint, call, (event, call), transaction=transaction)

    def observe(self, envelopes: Sequence[Envelope], transaction: Transaction, *, uncounted: Arrival) -> None:
        """Run the observer's method on several events, inside the transaction."""
        call = self.call(envelopes[0])
        # Its own work serves no case.
        call.case_number = None
        part = transaction.part(call)
        with self.watched.handler(call, transaction.connection, uncounted):
            faultpoint("consumer.in_handler")
            self._container.run_worker(self._observer, call, (list(envelopes), call), transaction=part)

    def call(self, envelope: Envelope) -> Call:
        """The work of taking an event: for nobody but the sending service, in the event's case."""
        return Call(
            kind="event",
            name=self.consumer,
            caller=dataclasses.replace(SYSTEM, workload=envelope.source.rpartition("/")[2]),
            deadline=time.monotonic() + self._runtime.settings.handler_seconds,
            case_number=envelope.case_number,
            envelope=envelope,
        )

    def span(self, envelope: Envelope, topic: str) -> telemetry.Span:
        """The span of taking an event: a child of its sending, or linked to it when that is long ago."""
        age = (self._runtime.clock.now() - envelope.time).total_seconds()
        parent, links = telemetry.cause(envelope.traceparent, age)
        return telemetry.span(
            f"process {topic}",
            kind="consumer",
            recorded=not self.observes,
            parent=parent,
            links=links,
            attributes={
                "messaging.system": "kafka",
                "messaging.destination.name": topic,
                "messaging.operation.type": "process",
                "messaging.operation.name": "process",
                "messaging.message.id": envelope.id,
                "egov.event.id": envelope.id,
                "egov.event.type": envelope.type,
                "egov.consumer": self.consumer,
                "egov.wait_ms": round(age * 1000, 1),
            },
        )

    def own_transaction(self, case_number: str | None) -> Transaction:
        """A transaction of the chassis itself, beside any handler's."""
        return Transaction(self._runtime, Call(kind="chassis", name=self.consumer, case_number=case_number))

    def _not_taken(self, arrival: Arrival, error: Exception) -> str:
        """The outcome of a handler that failed, in a transaction of its own."""
        verdict, reason = judge(error)
        telemetry.note("egov.reason", reason)
        if verdict is Verdict.REFUSED:
            return self._refuse(arrival, reason)
        if verdict is Verdict.FAILED:
            report(self.consumer, arrival.event_id, arrival.event_type, error)
        failures = int(verdict is Verdict.FAILED)
        state = next_state(verdict, failures=failures, waited_s=0.0)
        if state == "PARKED":
            return self._park(arrival, reason, attempts=1)
        metrics.retried()
        with self.own_transaction(arrival.case_number) as transaction:
            if not arrival.admit(transaction.connection, "retried", reason=reason, listed=self.lists).moved:
                raise Fenced
            arrival.park(transaction.connection, state, reason, attempts=1, failures=failures, due_in=backoff(1))
            transaction.commit()
        return "retried"

    def _refuse(self, arrival: Arrival, reason: str) -> str:
        with self.own_transaction(arrival.case_number) as transaction:
            if not arrival.admit(transaction.connection, "refused", reason=reason, listed=self.lists).moved:
                raise Fenced
            transaction.record(facts.refused(arrival, reason))
            transaction.commit()
        return "refused"

    def _park(self, arrival: Arrival, reason: str, *, attempts: int = 0, listed: bool = True, detail: str = "") -> str:
        listed = listed and self.lists
        with self.own_transaction(arrival.case_number) as transaction:
            admitted = arrival.admit(transaction.connection, "parked", reason=reason, listed=listed)
            if not admitted.moved:
                raise Fenced
            if listed and not admitted.fresh:
                transaction.commit()
                return "duplicate"
            arrival.park(transaction.connection, "PARKED", reason, attempts=attempts, due_in=None)
            transaction.record(facts.parked(arrival, reason, attempts))
            transaction.commit()
        logs.event(
            log, logging.ERROR, f"event parked{': ' + detail if detail else ''}", consumer=self.consumer,
            reason=reason, event_type=arrival.event_type, case_number=arrival.case_number,
        )  # fmt: skip
        return "parked"
