"""What a failed try means, and when there is another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from google.protobuf.message import DecodeError

from services.chassis.database import as_refusal, is_away, is_passing
from services.chassis.verdicts import LONGEST_WAIT_S, TRIES_OF_A_FAULT, Verdict, backoff, judge, next_state
from services.kernel.errors import Kind, NotYet, Refusal


def failure(kind: type[psycopg.Error] | None = None, *, broken: bool = False) -> sa.exc.DBAPIError:
    cause: Any = kind("text") if kind else psycopg.OperationalError("connection refused")
    return sa.exc.DBAPIError("SELECT", {}, cause, connection_invalidated=broken)


AWAY = [
    failure(),
    failure(psycopg.errors.AdminShutdown, broken=True),
    failure(psycopg.errors.CannotConnectNow),
    failure(psycopg.errors.TooManyConnections),
    sa.exc.TimeoutError(),
]
PASSING = [
    failure(psycopg.errors.QueryCanceled),
    failure(psycopg.errors.LockNotAvailable),
    failure(psycopg.errors.DeadlockDetected),
]
LASTING = [
    failure(psycopg.errors.UniqueViolation),
    failure(psycopg.errors.UndefinedTable),
    # The session was ended because the handler did nothing for too long: the next try would be no better.
    failure(psycopg.errors.IdleInTransactionSessionTimeout, broken=True),
    ValueError(),
]


def test_failures_of_the_database_are_told_apart() -> None:
    assert [is_away(error) for error in AWAY + PASSING + LASTING] == [True] * 5 + [False] * 7
    assert [is_passing(error) for error in AWAY + PASSING + LASTING] == [True] * 8 + [False] * 4


def test_a_caller_is_told_what_may_pass_and_nothing_else() -> None:
    told = [as_refusal(error) for error in AWAY + PASSING + LASTING]
    assert [refusal.reason if refusal else None for refusal in told] == [
        "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE", "OVERLOADED",
        "DEADLINE_PASSED", "IN_PROGRESS", "IN_PROGRESS", None, None, None, None,
    ]  # fmt: skip


def test_a_row_without_partition_is_told_from_one_that_breaks_a_constraint() -> None:
    class Named(psycopg.errors.CheckViolation):
        diag: Any = SimpleNamespace(constraint_name="permit_version_check")

    told = as_refusal(failure(psycopg.errors.CheckViolation))
    assert told is not None and (told.reason, told.kind) == ("CLOCK_UNFIT", Kind.UNAVAILABLE)
    assert as_refusal(failure(Named)) is None


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (Refusal("WRONG_STATE", Kind.FAILED_STATE), Verdict.REFUSED, "WRONG_STATE"),
        (Refusal("UNAVAILABLE", Kind.UNAVAILABLE), Verdict.WAITS, "UNAVAILABLE"),
        (Refusal("INTERNAL", Kind.INTERNAL), Verdict.FAILED, "HANDLER_FAILED"),
        (NotYet("REGION_UNKNOWN"), Verdict.WAITS, "REGION_UNKNOWN"),
        (DecodeError(), Verdict.UNDECODABLE, "UNDECODABLE"),
        (ValueError("a person's name"), Verdict.FAILED, "HANDLER_FAILED"),
        (PASSING[0], Verdict.WAITS, "DATABASE_BUSY"),
        (LASTING[0], Verdict.FAILED, "HANDLER_FAILED"),
    ],
)
def test_a_failure_is_judged(error: Exception, verdict: Verdict, reason: str) -> None:
    assert judge(error) == (verdict, reason)


def test_tries_end() -> None:
    tries = (1, TRIES_OF_A_FAULT - 1, TRIES_OF_A_FAULT)
    states = [next_state(Verdict.FAILED, failures=each, waited_s=0.0) for each in tries]
    assert states == ["DEFERRED", "DEFERRED", "PARKED"]
    for verdict in (Verdict.UNDECODABLE, Verdict.CRASHED):
        assert next_state(verdict, failures=0, waited_s=0.0) == "PARKED"


def test_waits_end_by_time_whatever_failed_meanwhile() -> None:
    waits = [next_state(Verdict.WAITS, failures=9, waited_s=each) for each in (0.0, LONGEST_WAIT_S - 1, LONGEST_WAIT_S)]
    assert waits == ["DEFERRED", "DEFERRED", "PARKED"]
    # A handler that fails once after a day of waiting is tried again.
    assert next_state(Verdict.FAILED, failures=1, waited_s=LONGEST_WAIT_S) == "DEFERRED"


def test_waits_double_up_to_the_longest() -> None:
    assert [backoff(tries) for tries in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert backoff(50) == 60.0
    assert backoff(50, 600.0) == 600.0
