"""PostgreSQL: one engine for a process, through SQLAlchemy Core and psycopg 3.

There is no ORM session: its unit of work cost more than everything else of a call together. Connections notice a dead
peer within ten seconds and are checked before use when they have been idle.
"""

from __future__ import annotations

import time
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.kernel.errors import Kind, Refusal

IDLE_BEFORE_CHECK_S = 2.0
POOL_WAIT_S = 2.0

CONNECT: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 9000,
    "prepare_threshold": 2,
}


def create_engine(url: str, *, application: str, pool_size: int) -> sa.Engine:
    """An engine whose pool never exceeds `pool_size` connections; waiting for one longer than 2 s is OVERLOADED."""
    engine = sa.create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        connect_args=CONNECT | {"application_name": application},
    )
    sa.event.listen(engine, "checkout", _check_idle)
    sa.event.listen(engine, "checkin", _note_use)
    return engine


def _note_use(connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _check_idle(connection: psycopg.Connection[Any], record: Any, proxy: Any) -> None:
    """Ask an idle connection whether it is still alive, so that a restart of the database costs callers nothing."""
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < IDLE_BEFORE_CHECK_S:
        return
    try:
        connection.execute("")
        connection.rollback()
    except psycopg.Error as error:
        raise sa.exc.DisconnectionError from error


def is_passing(error: BaseException) -> bool:
    """The failure may pass by itself: connection lost, server starting or stopping, lock or pool wait, deadlock."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    cause = error.orig
    if isinstance(cause, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable):
        return True
    state = getattr(cause, "sqlstate", None)
    if state is None:
        return isinstance(cause, psycopg.OperationalError)
    return state[:2] in ("08", "40", "53", "57")


def as_refusal(error: BaseException) -> Refusal | None:
    """What a caller is told of a database failure; None when it is not one that may pass."""
    if not is_passing(error):
        return None
    if isinstance(error, PoolTimeout):
        return Refusal("OVERLOADED", Kind.EXHAUSTED, retry_after_s=1.0)
    cause = getattr(error, "orig", None)
    if isinstance(cause, psycopg.errors.QueryCanceled):
        return Refusal("DEADLINE_PASSED", Kind.TIMED_OUT)
    if isinstance(cause, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
        return Refusal("IN_PROGRESS", Kind.CONFLICT, retry_after_s=0.2)
    return Refusal("UNAVAILABLE", Kind.UNAVAILABLE, retry_after_s=1.0)
