"""Resuming held keys: deferred events whose time has come, events that an operator sent back, and those behind them.

One `held_key` row is locked by consumer, retry and discard alike. A key is worked through in order; tries are counted
before each try, so that a handler that takes the process down with it does not go on for ever.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from services.chassis import facts, inbox, logs, metrics, telemetry
from services.chassis.database import is_passing
from services.chassis.envelope import BadEnvelope, Envelope, open_envelope
from services.chassis.inbox import Kept, head_of_key
from services.chassis.runtime import Runtime
from services.chassis.taking import Taker, day_of, report
from services.chassis.uow import Transaction
from services.chassis.verdicts import Verdict, backoff, judge, next_state

log = logging.getLogger(__name__)

POLL_S = 0.25


class Resumer:
    """One thread that works held keys through, for the consumers of this process."""

    def __init__(self, runtime: Runtime, takers: Mapping[str, Taker]) -> None:
        self._runtime = runtime
        self._takers = takers
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resume", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the event in hand."""
        self._stopping.set()
        self._runtime.resume_wake.set()
        self._thread.join(self._runtime.settings.drain_seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._runtime.resume_wake.clear()
            try:
                for consumer, key in self._due():
                    while not self._stopping.is_set() and self._next_of(self._takers[consumer], key):
                        pass
            except Exception as error:
                level = logging.WARNING if is_passing(error) else logging.ERROR
                logs.event(
                    log, level, "resuming waits", exc_info=level > logging.WARNING, reason=telemetry.failure(error)
                )
                self._stopping.wait(1.0)
            self._runtime.resume_wake.wait(POLL_S)

    def _due(self) -> list[tuple[str, str]]:
        with self._runtime.engine.connect() as connection:
            rows = connection.execute(inbox.DUE_KEYS, {"consumers": list(self._takers)}).all()
        return [(row.consumer, row.key) for row in rows]

    def _next_of(self, taker: Taker, key: str) -> bool:
        """Try the first event of a key once. True when it is done with and the one behind it may go on."""
        kept = self._count_try(taker, key)
        if kept is None:
            return False
        try:
            envelope = open_envelope([(name, text.encode()) for name, text in kept.headers.items()])
        except BadEnvelope:
            self._settle(taker, kept, Verdict.UNDECODABLE, "NO_ENVELOPE")
            return False
        if envelope.type not in taker.handlers:
            self._settle(taker, kept, Verdict.UNDECODABLE, "NO_HANDLER")
            return False
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
            if kept is None:
                connection.execute(inbox.RELEASE_KEY, facts_of_key)
            elif kept.state == "PARKED" or not kept.due:
                kept = None
            else:
                connection.execute(inbox.COUNT_ATTEMPT, {"id": kept.id})
            transaction.commit()
        return _with_try(kept)

    def _try(self, taker: Taker, kept: Kept, envelope: Envelope) -> tuple[bool, str]:
        call = taker.call(envelope)
        transaction = Transaction(self._runtime, call)
        try:
            if not _still_first(transaction, kept):
                return False, "skipped"
            taker.handle(envelope, kept.body, call, transaction)
            finish(transaction.connection, kept, "taken", None, transaction.now())
            if kept.once_parked:
                transaction.record(facts.resumed(kept))
            transaction.commit()
            metrics.event_in(taker.consumer, "taken")
            return True, "taken"
        except Exception as error:
            transaction.close()
            if is_passing(error):
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
            if not _still_first(transaction, kept):
                return False, "skipped"
            if verdict is Verdict.REFUSED:
                finish(transaction.connection, kept, "refused", reason, transaction.now())
                transaction.record(facts.refused(kept, reason))
                outcome = "refused"
            else:
                state = next_state(verdict, kept.attempts)
                due_in = backoff(kept.attempts) if state == "DEFERRED" else None
                parameters = {"id": kept.id, "state": state, "reason": reason, "due_in": due_in}
                transaction.connection.execute(inbox.SET_STATE, parameters)
                outcome = "retried" if state == "DEFERRED" else "parked"
                if state == "PARKED":
                    transaction.record(facts.parked(kept, reason, kept.attempts))
            transaction.commit()
        metrics.event_in(taker.consumer, outcome)
        return outcome == "refused", outcome


def _with_try(kept: Kept | None) -> Kept | None:
    return dataclasses.replace(kept, attempts=kept.attempts + 1) if kept is not None else None


def _still_first(transaction: Transaction, kept: Kept) -> bool:
    """Lock the key; False when retry, discard or another replica dealt with the event meanwhile."""
    connection: sa.Connection = transaction.connection
    connection.execute(inbox.LOCK_KEY, {"consumer": kept.consumer, "key": kept.key})
    head = head_of_key(connection, kept.consumer, kept.key)
    return head is not None and head.id == kept.id and head.state != "PARKED"


def finish(connection: sa.Connection, kept: Kept, outcome: str, reason: str | None, now: datetime) -> None:
    """List the final outcome, remove the kept event, and release its key when none is left behind it."""
    connection.execute(
        inbox.SET_OUTCOME,
        {
            "outcome": outcome,
            "reason": reason,
            "attempts": kept.attempts,
            "consumer": kept.consumer,
            "event_id": kept.event_id,
            "day": day_of(kept.event_id, now),
        },
    )
    connection.execute(inbox.REMOVE, {"id": kept.id})
    connection.execute(inbox.RELEASE_KEY, {"consumer": kept.consumer, "key": kept.key})
