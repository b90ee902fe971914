"""A database that was set back to an earlier moment: noticed, and nothing is changed until it was reconciled.

Each process compares its topic with its log (`owntopic`) at its start, before its relay publishes anything, and again
whenever the database was away. While Kafka is away a start goes on, since the outbox rides that out; the comparison
follows as soon as Kafka answers. What one process finds is a row that all of them ask for. While it is there reads are
served; changes, jobs, timers and consumers' effects are refused or wait. `services.chassis.reconcile` takes it away.
"""

from __future__ import annotations

import logging
import threading

import sqlalchemy as sa
from kafka.errors import KafkaError
from nameko.extensions import SharedExtension

from services.chassis import logs, telemetry
from services.chassis.owntopic import OwnTopic, mark, marks_of
from services.chassis.runtime import Runtime
from services.kernel.errors import unavailable

log = logging.getLogger(__name__)

# A start waits so long for the first comparison: longer than it takes where Kafka answers.
FIRST_LOOK_S = 5.0
ASK_EVERY_S = 0.5
RETRY_AFTER_S = 60.0

FOUND = sa.text("SELECT EXISTS (SELECT 1 FROM chassis.restored)")
NOTE_FOUND = sa.text("INSERT INTO chassis.restored DEFAULT VALUES ON CONFLICT DO NOTHING")


def demand_current(runtime: Runtime) -> None:
    """Raises Refusal SERVICE_RESTORED while the database is known to have been set back."""
    if runtime.restored.is_set():
        raise unavailable("SERVICE_RESTORED", retry_after_s=RETRY_AFTER_S)


class RestoreWatch(SharedExtension):
    """Sets `runtime.restored` and `runtime.compared` as the database and the topic have it."""

    def setup(self) -> None:
        """Prepare; nothing is connected yet."""
        self._runtime: Runtime = self.container.runtime
        self._topic = f"egov.{self._runtime.service}.v1"
        self._stopping = threading.Event()
        self._looked = threading.Event()
        self._waits_for = ""
        self._thread = threading.Thread(target=self._run, name="restore-watch", daemon=True)

    def start(self) -> None:
        """Look once before anything is changed or taken, if Kafka lets us, and go on looking."""
        self._thread.start()
        self._looked.wait(FIRST_LOOK_S)

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join(FIRST_LOOK_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
                self._waits_for = ""
            except (KafkaError, sa.exc.SQLAlchemyError) as error:
                self._wait_for(telemetry.failure(error))
            except Exception as error:
                reason = telemetry.failure(error)
                logs.event(log, logging.ERROR, "topic and log could not be compared", exc_info=True, reason=reason)
            self._looked.set()
            self._stopping.wait(ASK_EVERY_S)

    def _look(self) -> None:
        runtime = self._runtime
        with runtime.looking.connect() as connection:
            restored = bool(connection.execute(FOUND).scalar_one())
        if not restored and not runtime.compared.is_set():
            restored = self._compare()
        if restored:
            self._refuse()
        elif runtime.restored.is_set():
            runtime.restored.clear()
            logs.event(log, logging.INFO, "reconciled; changes are taken again")

    def _compare(self) -> bool:
        """Whether the topic holds an event of ours that the log lacks. If not, the relay may publish."""
        runtime = self._runtime
        # A transaction would wait for Kafka.
        with runtime.looking.connect() as connection, OwnTopic(runtime.kafka_config(), self._topic) as topic:
            marks = marks_of(connection)
            ends = topic.ends()
            stranger = next(topic.unlogged(connection, marks, ends), None)
            if stranger is not None:
                connection.execute(NOTE_FOUND)
                return True
            if marks != ends:
                mark(connection, ends)
        runtime.compared.set()
        return False

    def _refuse(self) -> None:
        if not self._runtime.restored.is_set():
            logs.event(
                log, logging.ERROR,
                "the database was set back: the topic holds events of ours that its log lacks; nothing is changed until"
                f" `python -m services.chassis.reconcile {self._runtime.service}`", reason="SERVICE_RESTORED",
            )  # fmt: skip
        self._runtime.compared.clear()
        self._runtime.restored.set()

    def _wait_for(self, reason: str) -> None:
        """Said once for each reason: nothing is published until it is over."""
        if reason != self._waits_for:
            logs.event(log, logging.WARNING, "topic and log are not compared yet; nothing is published", reason=reason)
        self._waits_for = reason
