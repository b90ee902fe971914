"""The relay: events from the outbox to Kafka, per aggregate in the order in which they were committed.

It runs in every process that writes; one works at a time, under a lease. It hands the earliest event of each key to the
producer and the next of that key when the one before was acknowledged, and deletes exactly what was acknowledged, under
the epoch of its lease. So a crash sends twice, with the same event id, and never loses or overtakes. While Kafka is
away everything waits, as long as it takes; an event that Kafka will not take holds only its own key.
"""

from __future__ import annotations

import logging
import threading
import time
from queue import Empty, SimpleQueue
from typing import Any

import sqlalchemy as sa
from kafka.errors import KafkaError
from nameko.extensions import SharedExtension

from services.chassis import logs, metrics, telemetry
from services.chassis.faultpoints import faultpoint
from services.chassis.floor import Floor
from services.chassis.lease import Lease
from services.chassis.outbox import DELETE, Queued, first_of_each_key, head
from services.chassis.owntopic import mark
from services.chassis.producer import Producer
from services.chassis.sending import REFUSALS, Sent
from services.chassis.standstill import StandsStill

log = logging.getLogger(__name__)

POLL_S = 0.05
RENEW_S = 1.0
IDLE_LEASE_S = 1.0
MOST_IN_FLIGHT = 500
REFUSED_RETRY_S = 60.0
LAST_SENDS_S = 2.0
LAST_ANSWERS_S = 4.0
# Longer than a broker takes to start. A producer of which nothing is heard for as long may be stuck, and is replaced.
ANSWER_WITHIN_S = 120.0


class Relay(SharedExtension):
    """Publishes what this service committed."""

    def setup(self) -> None:
        """Prepare; nothing is connected yet, since Kafka may be away."""
        self._runtime = self.container.runtime
        self._engine: sa.Engine = self._runtime.looking
        self._topic = f"egov.{self._runtime.service}.v1"
        self._lease = Lease(self._engine, "relay")
        metrics.relay_leads(lambda: self._lease.epoch is not None)
        self._producer = Producer(self._runtime.kafka_config(), self._topic)
        self._stopping = threading.Event()
        self._wake: threading.Event = self._runtime.relay_wake
        self._in_flight: dict[str, Sent] = {}
        self._answers: SimpleQueue[tuple[Sent, Any]] = SimpleQueue()
        self._acknowledged: list[Sent] = []
        self._refused: dict[str, float] = {}
        self._floor = Floor()
        self._published: dict[int, int] = {}
        self._heard_at = 0.0
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """Publish what is committed, for at most two seconds, and hand the lease on. What is left is safe."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(LAST_SENDS_S + LAST_ANSWERS_S + RENEW_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._runtime.compared.wait(POLL_S):
                    self._forget()
                elif self._lease.hold():
                    self._work(RENEW_S)
                    self._note_published()
                else:
                    self._forget()
                    self._stopping.wait(IDLE_LEASE_S)
            except sa.exc.SQLAlchemyError as error:
                # What comes back may be the database of an earlier moment: what is known of it is found out anew.
                self._published.clear()
                self._runtime.compared.clear()
                self._pause("relay waits for the database", error)
            except KafkaError as error:
                self._forget()
                self._pause("relay waits for Kafka", error)
            except Exception as error:
                logs.event(log, logging.ERROR, "relay failed", exc_info=True, reason=telemetry.failure(error))
                self._forget()
                self._stopping.wait(1.0)
        self._hand_on()

    def _pause(self, what: str, error: Exception) -> None:
        logs.event(log, logging.WARNING, what, reason=telemetry.failure(error))
        self._stopping.wait(0.5)

    def _hand_on(self) -> None:
        """At the end: what is in the outbox, the answers that are still to come, then the lease is free."""
        for step in (self._publish_last, self._await_answers, self._forget, self._lease.release):
            try:
                step()
            except (sa.exc.SQLAlchemyError, KafkaError) as error:
                logs.event(log, logging.WARNING, "relay could not hand on", reason=telemetry.failure(error))

    def _publish_last(self) -> None:
        self._floor.clear()
        if self._lease.epoch is not None:
            self._work(LAST_SENDS_S, until_empty=True)

    def _await_answers(self) -> None:
        """Other processes go on to commit, so the outbox may never be empty: what was handed over is waited for.

        The next owner of the lease would send it again.
        """
        end = time.monotonic() + LAST_ANSWERS_S
        while self._in_flight and time.monotonic() < end and self._lease.hold():
            self._wake.clear()
            if not self._settle():
                self._wake.wait(POLL_S)
        if self._lease.epoch is not None:
            self._note_published()

    def _work(self, seconds: float, *, until_empty: bool = False) -> None:
        """Hand over and settle, until the lease must be renewed or was lost."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (self._stopping.is_set() and not until_empty):
            self._wake.clear()
            moved = self._settle() + self._hand_over()
            self._demand_answers()
            if self._lease.epoch is None or (until_empty and not moved and not self._in_flight):
                return
            if not moved:
                self._wake.wait(POLL_S)

    def _hand_over(self) -> int:
        """Give the producer the earliest event of each key that has none in flight; how many."""
        room = MOST_IN_FLIGHT - len(self._in_flight)
        if room <= 0:
            return 0
        now = time.monotonic()
        self._refused = {key: until for key, until in self._refused.items() if until > now}
        with self._engine.connect() as connection:
            rows = head(connection, self._floor.at(now), room, busy=[*self._in_flight, *self._refused])
        # What Kafka refused is neither found nor on its way, and yet in the queue.
        if not self._refused:
            on_their_way = [sent.event.position for sent in self._in_flight.values()]
            self._floor.found([*(row.position for row in rows), *on_their_way], now)
        chosen = first_of_each_key(rows)
        if not chosen:
            return 0
        self._producer.ready()
        faultpoint("relay.before_send")
        for event in chosen:
            self._send(event)
        faultpoint("relay.after_send")
        return len(chosen)

    def _send(self, event: Queued) -> None:
        if not self._in_flight:
            self._heard_at = time.monotonic()
        sent = self._in_flight[event.key] = Sent.begin(event, self._topic, self._runtime.clock.now())
        self._producer.send(event.key, event.body, sent.headers, lambda answer: self._answered(sent, answer))

    def _answered(self, sent: Sent, answer: Any) -> None:
        """Called by the producer's thread: Kafka acknowledged the event, or `answer` is the error."""
        self._answers.put((sent, answer))
        self._wake.set()

    def _settle(self) -> int:
        """Deal with what Kafka answered: delete what it acknowledged; how many answers there were."""
        count = 0
        try:
            while True:
                sent, answer = self._answers.get_nowait()
                # Answers about what was handed to an earlier producer no longer count.
                if self._in_flight.get(sent.event.key) is sent:
                    count += 1
                    self._take_answer(sent, answer)
        except Empty:
            self._delete_acknowledged()
        if count:
            self._heard_at = time.monotonic()
        return count

    def _demand_answers(self) -> None:
        """Raises StandsStill when nothing is heard of what is in flight: it is sent again, by another producer."""
        if self._in_flight and time.monotonic() - self._heard_at > ANSWER_WITHIN_S:
            raise StandsStill("nothing is heard of what was sent")

    def _take_answer(self, sent: Sent, answer: Any) -> None:
        """Raises the error when Kafka, not the event, is the reason."""
        error = answer if isinstance(answer, Exception) else None
        sent.end(telemetry.failure(error) if error else None)
        if error is None:
            self._acknowledged.append(sent)
            # No offset: Kafka had it already, from a try of the same producer whose answer was lost.
            if answer.offset >= 0:
                self._published[answer.partition] = answer.offset + 1
            return
        del self._in_flight[sent.event.key]
        if not isinstance(error, REFUSALS):
            raise error
        self._refused[sent.event.key] = time.monotonic() + REFUSED_RETRY_S
        logs.event(
            log, logging.ERROR, "Kafka refuses an event; its key waits", event_id=str(sent.event.event_id),
            event_type=sent.event.type, case_number=sent.event.case_number, reason=telemetry.failure(error),
        )  # fmt: skip

    def _delete_acknowledged(self) -> None:
        if not self._acknowledged:
            return
        faultpoint("relay.after_ack")
        positions = [sent.event.position for sent in self._acknowledged]
        with self._engine.begin() as connection:
            deleted = connection.execute(DELETE, {"epoch": self._lease.epoch, "positions": positions}).rowcount
        if deleted == 0:
            logs.event(log, logging.WARNING, "relay lost its lease", epoch=self._lease.epoch)
            self._lease.epoch = None
            self._forget()
            return
        for sent in self._acknowledged:
            del self._in_flight[sent.event.key]
            metrics.event_out(sent.event.type)
        self._acknowledged = []

    def _note_published(self) -> None:
        """Write down how far the own topic is known to be in the log."""
        if self._published:
            with self._engine.begin() as connection:
                mark(connection, self._published)
            self._published.clear()

    def _forget(self) -> None:
        """Give up what is in flight, with the producer that has it: it is still in the outbox."""
        self._floor.clear()
        if not self._in_flight and not self._producer.open:
            return
        self._producer.close()
        for sent in self._in_flight.values():
            if sent not in self._acknowledged:
                sent.end("GIVEN_UP")
        self._in_flight, self._acknowledged = {}, []
