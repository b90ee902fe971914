"""The watchdog: a handler that is not back at its deadline costs its process, not its consumer.

Python cannot end a thread. So the handler's database session is ended, which frees its locks at once; the try is
counted; and the process exits with a code of its own, to be replaced by whoever runs it. Nothing of what it had in hand
was committed. The third time the event is parked.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from services.chassis import inbox, logs
from services.chassis.call import Call
from services.chassis.inbox import Arrival
from services.chassis.runtime import Runtime

if TYPE_CHECKING:
    from services.chassis.taking import Taker

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
# EX_TEMPFAIL of sysexits.h: it may well go better in another process.
OVERDUE_EXIT = 75
# The database may be what hangs: the process ends all the same.
LAST_WORDS_S = 3.0

END_SESSION = sa.text("SELECT pg_terminate_backend(:pid)")


@dataclass(frozen=True, slots=True)
class InHand:
    """A handler at work. `session` is its database session's process id. `uncounted`: its try was not counted yet."""

    call: Call
    session: int
    uncounted: Arrival | None


class Watched:
    """The handlers that one consumer id has at work, on whatever thread."""

    def __init__(self) -> None:
        self._in_hand: dict[int, InHand] = {}

    @contextlib.contextmanager
    def handler(self, call: Call, connection: sa.Connection, uncounted: Arrival | None) -> Iterator[None]:
        """The block is a handler that works over this connection."""
        driver: Any = connection.connection.driver_connection
        thread = threading.get_ident()
        self._in_hand[thread] = InHand(call, driver.info.backend_pid, uncounted)
        try:
            yield
        finally:
            del self._in_hand[thread]

    def overdue(self) -> list[InHand]:
        """Those that are past their deadline."""
        return [each for each in list(self._in_hand.values()) if each.call.remaining() <= 0]


class Watchdog:
    """One thread that looks after the handlers of a process's consumers."""

    def __init__(self, runtime: Runtime, takers: Mapping[str, Taker]) -> None:
        self._runtime = runtime
        self._takers = takers
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            for consumer, taker in self._takers.items():
                for overdue in taker.watched.overdue():
                    self._replace(consumer, overdue)
                    return

    def _replace(self, consumer: str, overdue: InHand) -> None:
        """Say what hangs, put the database in order, and end the process."""
        envelope = overdue.call.envelope
        logs.event(
            log, logging.CRITICAL, "handler past its deadline; this process ends and wants to be replaced",
            consumer=consumer, event_id=overdue.call.event_id, event_type=envelope.type if envelope else None,
            case_number=overdue.call.case_number,
        )  # fmt: skip
        words = threading.Thread(target=self._last_words, args=(overdue,), name="last words", daemon=True)
        words.start()
        words.join(LAST_WORDS_S)
        end_process()

    def _last_words(self, overdue: InHand) -> None:
        with contextlib.suppress(sa.exc.SQLAlchemyError), self._runtime.engine.begin() as connection:
            connection.execute(END_SESSION, {"pid": overdue.session})
            if overdue.uncounted is not None:
                connection.execute(inbox.COUNT_TRY, overdue.uncounted.place() | {"anew": False})


def end_process() -> None:
    """End at once: threads that hang would wait for each other for ever."""
    os._exit(OVERDUE_EXIT)
