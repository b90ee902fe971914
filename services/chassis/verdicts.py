"""What a failed try means: for an event in a consumer, and for when it is tried again."""

from __future__ import annotations

import enum
import logging

from google.protobuf.message import DecodeError

from services.chassis import logs, telemetry
from services.chassis.database import is_passing
from services.kernel.errors import Kind, NotYet, Refusal

log = logging.getLogger(__name__)

TRIES_OF_A_FAULT = 5
# What an event waits for may itself wait for a broker or a service that is away: that takes hours, not tries.
LONGEST_WAIT_S = 24 * 3600.0
# Tries that ended with their process.
CRASHES = 3
LONGEST_BACKOFF_S = 60.0
MAY_PASS = frozenset({Kind.UNAVAILABLE, Kind.TIMED_OUT, Kind.EXHAUSTED})


class Verdict(enum.Enum):
    """What a failure of a handler means for its event."""

    REFUSED = "a domain rule refused it: an outcome, not a fault"
    WAITS = "what it needs is not here yet, or what it reads from is away or busy"
    FAILED = "the handler failed"
    CRASHED = "the handler ended its process, again and again"
    UNDECODABLE = "the body is not the message that the type names"


def judge(error: Exception) -> tuple[Verdict, str]:
    """What a failure means, and its reason. While the own database is away nothing is judged: everything waits."""
    if isinstance(error, DecodeError):
        return Verdict.UNDECODABLE, "UNDECODABLE"
    if isinstance(error, NotYet):
        return Verdict.WAITS, error.reason
    if is_passing(error):
        return Verdict.WAITS, "DATABASE_BUSY"
    if isinstance(error, Refusal) and error.kind is not Kind.INTERNAL:
        return (Verdict.WAITS if error.kind in MAY_PASS else Verdict.REFUSED), error.reason
    return Verdict.FAILED, "HANDLER_FAILED"


def next_state(verdict: Verdict, *, failures: int, waited_s: float) -> str:
    """DEFERRED while another try makes sense, PARKED when a person must look.

    `failures`: tries at which the handler failed, this one included. `waited_s`: since the first try.
    """
    if verdict is Verdict.WAITS:
        again = waited_s < LONGEST_WAIT_S
    else:
        again = verdict is Verdict.FAILED and failures < TRIES_OF_A_FAULT
    return "DEFERRED" if again else "PARKED"


def backoff(attempts: int, longest_s: float = LONGEST_BACKOFF_S) -> float:
    """Seconds until the next try after so many: half a second, doubled each time."""
    return float(min(0.25 * 2 ** min(attempts, 20), longest_s))


def report(consumer: str, event_id: str, event_type: str, error: Exception) -> None:
    """Log a handler's failure: its type and place, not its text."""
    logs.event(
        log, logging.ERROR, "handler failed", exc_info=True, consumer=consumer, event_id=event_id,
        event_type=event_type, reason=telemetry.failure(error),
    )  # fmt: skip
