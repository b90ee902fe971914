"""PostgreSQL: one engine for a process, through SQLAlchemy Core and psycopg 3.

There is no ORM session: its unit of work cost more than everything else of a call together. Connections notice a dead
or silent peer within ten seconds and are checked before use when they have been idle.
"""

from __future__ import annotations

import logging
import time
from typing import Any, TypeVar, cast

import psycopg
import sqlalchemy as sa
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.chassis import logs
from services.chassis.call import current_call
from services.kernel.errors import Refusal, conflict, exhausted, timed_out, unavailable

log = logging.getLogger(__name__)

IDLE_BEFORE_CHECK_S = 2.0
POOL_WAIT_S = 2.0
# Longer than any statement of a service may take, which the server itself ends after 5 s.
SILENCE_S = 7.0
CANCEL_S = 1.0

# SQLSTATEs: a statement was cancelled; a lock was not to be had, a deadlock, a serialization failure; the session was
# ended because we did nothing in an open transaction for too long.
CANCELLED = "57014"
CONTENDED = ("55P03", "40P01", "40001")
OUR_OWN_DELAY = ("25P03", "25P04")
# A row breaks a CHECK; or there is no partition for it, which breaks no constraint of a name.
CHECK_VIOLATION = "23514"
CLOCK_RETRY_S = 60.0

CONNECT: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 9000,
    "prepare_threshold": 2,
}


RV = TypeVar("RV")


class Connection(psycopg.Connection[Any]):
    """A connection that gives up when no answer comes for `patience_s` seconds; None: it waits for ever.

    TCP alone notices only a peer that acknowledges nothing. One that was stopped, or a proxy whose far side is gone,
    acknowledges everything and never answers.

    `limit_at`, on the clock of `time.monotonic`: when a statement that still runs is cancelled. A read has no
    transaction in which a limit could be set, and to set it for the session would take two more statements.
    """

    patience_s: float | None = None
    limit_at: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server. Raises QueryCanceled at the limit.

        Raises OperationalError when the server stays silent; the connection is closed then.
        """
        try:
            if timeout is None and self.limit_at is not None:
                return self._wait_to_limit(gen, interval, self.limit_at - time.monotonic())
            return super().wait(gen, interval, self.patience_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise

    def _wait_to_limit(self, gen: PQGen[RV], interval: float, left: float) -> RV:
        try:
            return super().wait(gen, interval, max(0.0, left))
        except psycopg.OperationalError:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
        # The generator goes on where it stood: the answer is now that the statement was cancelled.
        self.cancel_safe(timeout=CANCEL_S)
        return super().wait(gen, interval, CANCEL_S)


def create_engine(url: str, *, application: str, pool_size: int, patience_s: float | None = SILENCE_S) -> sa.Engine:
    """An engine whose pool never exceeds `pool_size` connections; waiting for one longer than 2 s is OVERLOADED.

    `patience_s`: how long an answer of the server is waited for; None for what may work on for minutes.
    """

    def connect(dialect: Any, record: Any, arguments: Any, options: Any) -> Connection:
        made = Connection.connect(*arguments, **options)
        made.patience_s = patience_s
        return made

    def note_use(connection: Connection, record: Any) -> None:
        record.info["used_at"] = time.monotonic()
        # None when it was given up meanwhile.
        if connection is not None:
            connection.patience_s, connection.limit_at = patience_s, None

    engine = sa.create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        # The one used last: its process at the server is warm, and has prepared what is asked most.
        pool_use_lifo=True,
        connect_args=CONNECT | {"application_name": application},
    )
    sa.event.listen(engine, "checkout", _check_idle)
    sa.event.listen(engine, "do_connect", connect)
    sa.event.listen(engine, "checkin", note_use)
    sa.event.listen(engine, "before_cursor_execute", _demand_time)
    sa.event.listen(engine, "handle_error", _tell_of_clock)
    return engine


def standalone(engine: sa.Engine) -> sa.Engine:
    """The same pool, for statements that each stand alone.

    There is no transaction whose end would be a ROLLBACK, after which psycopg throws away all that is prepared.
    """
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _tell_of_clock(context: sa.engine.ExceptionContext) -> None:
    if _lacks_partition(context.original_exception):
        logs.event(
            log, logging.ERROR, "no partition for this moment: compare this machine's clock with the database's;"
            " if they agree, see why the timer keep_house did not make the partitions", reason="CLOCK_UNFIT",
        )  # fmt: skip


def _demand_time(*_: Any) -> None:
    """No statement begins when nobody waits for the work any more."""
    call = current_call()
    if call is not None and call.remaining() <= 0:
        raise timed_out()


def without_limit(connection: sa.Connection) -> None:
    """The statements of the transaction just begun may take as long as they need."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    cast(Connection, connection.connection.driver_connection).patience_s = None


def limit_to(connection: sa.Connection, seconds: float) -> None:
    """What runs on the connection in so many seconds is cancelled; until it goes back to the pool."""
    cast(Connection, connection.connection.driver_connection).limit_at = time.monotonic() + seconds


def _check_idle(connection: psycopg.Connection[Any], record: Any, proxy: Any) -> None:
    """Ask an idle connection whether it is still alive, so that a restart of the database costs callers nothing."""
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < IDLE_BEFORE_CHECK_S:
        return
    try:
        # No transaction: see `standalone`.
        connection.autocommit = True
        connection.execute("")
        connection.autocommit = False
    except psycopg.Error as error:
        raise sa.exc.DisconnectionError from error


def is_away(error: BaseException) -> bool:
    """The database is not there, or has no connection to spare: whatever is tried now would fail the same way."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = _state_of(error)
    if state in OUR_OWN_DELAY:
        return False
    if error.connection_invalidated or state is None:
        return error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError)
    return state[:2] in ("08", "53") or state[:3] == "57P"


def is_passing(error: BaseException) -> bool:
    """The failure may pass by itself: the database is away, a lock was not to be had, a statement took too long."""
    return is_away(error) or _state_of(error) in (CANCELLED, *CONTENDED)


def as_refusal(error: BaseException) -> Refusal | None:
    """What a caller is told of a database failure; None when it is not one that may pass."""
    if isinstance(error, PoolTimeout):
        return exhausted(retry_after_s=1.0)
    if is_away(error):
        return unavailable(retry_after_s=1.0)
    if _lacks_partition(getattr(error, "orig", None)):
        return unavailable("CLOCK_UNFIT", retry_after_s=CLOCK_RETRY_S)
    state = _state_of(error)
    if state == CANCELLED:
        return timed_out()
    return conflict("IN_PROGRESS", retry_after_s=0.2) if state in CONTENDED else None


def _lacks_partition(error: BaseException | None) -> bool:
    """A row names a moment so far off that there is no partition for it: the clock is wrong, or nobody kept house."""
    return isinstance(error, psycopg.Error) and error.sqlstate == CHECK_VIOLATION and error.diag.constraint_name is None


def _state_of(error: BaseException) -> str | None:
    """The SQLSTATE of a failure; None when it is none of the database's, or the connection broke."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)
