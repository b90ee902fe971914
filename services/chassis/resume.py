"""Resuming held keys: deferred events whose time has come, events that an operator sent back, and those behind them.

One `held_key` row is locked by consumer, retry and discard alike. A key is worked through in order; tries are counted
before each try, so that a handler that takes the process down with it does not go on for ever.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Mapping

import sqlalchemy as sa

from services.chassis import facts, inbox, logs, metrics, telemetry
from services.chassis.database import is_away, is_passing
from services.chassis.envelope import BadEnvelope, Envelope, belongs, open_envelope
from services.chassis.eventdays import day_of
from services.chassis.faultpoints import faultpoint
from services.chassis.inbox import Kept, head_of_key
from services.chassis.runtime import Runtime
from services.chassis.taking import Taker
from services.chassis.transaction import Transaction
from services.chassis.verdicts import CRASHES, Verdict, backoff, judge, next_state, report

log = logging.getLogger(__name__)

POLL_S = 0.25
# Longer than nearly every try takes. A try that takes still longer is protected by the lock of its key.
IN_HAND_S = 10.0


class Resumer:
    """One thread that works held keys through, for the consumers of this process."""

    def __init__(self, runtime: Runtime, takers: Mapping[str, Taker]) -> None:
        self._runtime = runtime
        self._takers = takers
        self._survived: set[int] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resume", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the event in hand."""
        self._stopping.set()
        self._thread.join(self._runtime.settings.drain_seconds)

    def _run(self) -> None:
        while not self._stopping.wait(POLL_S):
            if self._runtime.restored.is_set():
                continue
            try:
                for consumer, key in self._due():
                    self._work_through(self._takers[consumer], key)
            except sa.exc.SQLAlchemyError as error:
                logs.event(log, logging.WARNING, "resuming waits", reason=telemetry.failure(error))
                self._stopping.wait(1.0)

    def _due(self) -> list[tuple[str, str]]:
        with self._runtime.looking.connect() as connection:
            rows = connection.execute(inbox.DUE_KEYS, {"consumers": list(self._takers)}).all()
        return [(row.consumer, row.key) for row in rows]

    def _work_through(self, taker: Taker, key: str) -> None:
        """Take the events of a key in their order, as far as it goes. What is wrong with one key holds no other."""
        try:
            while not self._stopping.is_set() and self._next_of(taker, key):
                pass
        except Exception as error:
            if is_away(error):
                raise
            level = logging.WARNING if is_passing(error) else logging.ERROR
            logs.event(
                log, level, "a key could not be resumed", exc_info=level > logging.WARNING, consumer=taker.consumer,
                reason=telemetry.failure(error),
            )  # fmt: skip

    def _next_of(self, taker: Taker, key: str) -> bool:
        """Try the first event of a key once. True when it is done with and the one behind it may go on."""
        kept = self._count_try(taker, key)
        if kept is None:
            return False
        # Until its end is written down: a database that is away takes no note of it, and yet this process is alive.
        self._survived.add(kept.id)
        done = self._try_counted(taker, kept)
        self._survived.discard(kept.id)
        return done

    def _try_counted(self, taker: Taker, kept: Kept) -> bool:
        if kept.in_hand > CRASHES:
            return self._settle(taker, kept, Verdict.CRASHED, "HANDLER_CRASHED")[0]
        try:
            envelope = open_envelope([(name, text.encode()) for name, text in kept.headers.items()])
        except BadEnvelope:
            return self._settle(taker, kept, Verdict.UNDECODABLE, "NO_ENVELOPE")[0]
        if not belongs(envelope, kept.topic):
            return self._settle(taker, kept, Verdict.UNDECODABLE, "FOREIGN_EVENT")[0]
        if taker.handler(envelope.type) is None:
            return self._settle(taker, kept, Verdict.UNDECODABLE, "NO_HANDLER")[0]
        with taker.span(envelope, kept.topic) as span:
            if envelope.case_number:
                telemetry.set_case(envelope.case_number)
            span.set("egov.attempt", kept.attempts)
            done, outcome = self._try(taker, kept, envelope)
            span.set("egov.event.outcome", outcome)
            return done

    def _count_try(self, taker: Taker, key: str) -> Kept | None:
        """Lock the key and count the try before it is made; None when nothing of the key is due."""
        facts_of_key = {"consumer": taker.consumer, "key": key}
        with taker.own_transaction(None) as transaction:
            connection = transaction.connection
            if connection.execute(inbox.LOCK_KEY_UNLESS_BUSY, facts_of_key).one_or_none() is None:
                return None
            kept = head_of_key(connection, taker.consumer, key)
            if kept is None or kept.state == "PARKED" or not kept.due:
                return None
            in_hand = 1 if kept.id in self._survived else kept.in_hand + 1
            facts_of_try = {"id": kept.id, "in_hand": in_hand, "seconds": IN_HAND_S}
            connection.execute(inbox.COUNT_TRY_OF_KEPT, facts_of_try)
            transaction.commit()
        faultpoint("resume.after_count")
        return dataclasses.replace(kept, attempts=kept.attempts + 1, in_hand=in_hand)

    def _try(self, taker: Taker, kept: Kept, envelope: Envelope) -> tuple[bool, str]:
        """Take the event, or say what becomes of it: whether it is done with, and its outcome."""
        call = taker.call(envelope)
        transaction = Transaction(self._runtime, call)
        try:
            if not _still_first(transaction, kept, inbox.LOCK_KEY_UNLESS_BUSY):
                return False, "skipped"
            taker.handle(envelope, kept.body, call, transaction)
            finish(transaction.connection, kept, "taken", None)
            if kept.once_parked:
                transaction.record(facts.resumed(kept))
            faultpoint("resume.before_commit")
            transaction.commit()
            metrics.event_in(taker.consumer, "taken")
            return True, "taken"
        except Exception as error:
            transaction.close()
            if is_away(error):
                raise
            verdict, reason = judge(error)
            if verdict is Verdict.FAILED:
                report(taker.consumer, kept.event_id, kept.event_type, error)
            return self._settle(taker, kept, verdict, reason)
        finally:
            transaction.close()

    def _settle(self, taker: Taker, kept: Kept, verdict: Verdict, reason: str) -> tuple[bool, str]:
        """What becomes of an event that was not taken, in a transaction of its own."""
        telemetry.note("egov.reason", reason)
        with taker.own_transaction(kept.case_number) as transaction:
            if not _still_first(transaction, kept, inbox.LOCK_KEY):
                return False, "skipped"
            if verdict is Verdict.REFUSED:
                finish(transaction.connection, kept, "refused", reason)
                transaction.record(facts.refused(kept, reason))
                outcome = "refused"
            else:
                failures = kept.failures + (verdict is Verdict.FAILED)
                state = next_state(verdict, failures=failures, waited_s=kept.waited_s)
                due_in = backoff(kept.attempts) if state == "DEFERRED" else None
                parameters = {"id": kept.id, "state": state, "reason": reason, "failures": failures, "due_in": due_in}
                transaction.connection.execute(inbox.SET_STATE, parameters)
                outcome = "retried" if state == "DEFERRED" else "parked"
                if state == "PARKED":
                    transaction.record(facts.parked(kept, reason, kept.attempts))
            transaction.commit()
        metrics.event_in(taker.consumer, outcome)
        return outcome == "refused", outcome


def _still_first(transaction: Transaction, kept: Kept, lock: sa.TextClause) -> bool:
    """Lock the key; False when retry, discard or another replica deals or dealt with the event meanwhile."""
    connection: sa.Connection = transaction.connection
    if connection.execute(lock, {"consumer": kept.consumer, "key": kept.key}).one_or_none() is None:
        return False
    head = head_of_key(connection, kept.consumer, kept.key)
    return head is not None and head.id == kept.id and head.state != "PARKED"


def finish(connection: sa.Connection, kept: Kept, outcome: str, reason: str | None) -> None:
    """List the final outcome, remove the kept event, and release its key when none is left behind it."""
    facts_of_end = {
        "outcome": outcome,
        "reason": reason,
        "attempts": kept.attempts,
        "consumer": kept.consumer,
        "event_id": kept.event_id,
        "day": day_of(kept.event_id, kept.parked_at),
        "type": kept.event_type,
        "case_number": kept.case_number,
    }
    if connection.execute(inbox.SET_OUTCOME, facts_of_end).rowcount == 0:
        connection.execute(inbox.LIST_OUTCOME, facts_of_end)
    connection.execute(inbox.REMOVE, {"id": kept.id})
    connection.execute(inbox.RELEASE_KEY, {"consumer": kept.consumer, "key": kept.key})
