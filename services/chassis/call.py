"""What a worker knows of the work it does: who asked, for which case, until when."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.chassis.contract import Method
from services.chassis.envelope import Envelope
from services.kernel.errors import Kind, Refusal
from services.kernel.ports import Caller

DEFAULT_DEADLINE_S = 10.0

SYSTEM = Caller(
    workload="",
    client_id=None,
    subject=None,
    department=None,
    region="",
    roles=frozenset(),
    scopes=frozenset(),
    level=0,
    anonymous=False,
)


@dataclass(slots=True)
class Call:
    """One piece of work: an RPC, an event, a job, a timer's run or what is due.

    `region` is the region prefix that a region-bound method must stay in ('' = everywhere). `deadline` is on the clock
    of `time.monotonic`. `envelope` is the event's, `method` the RPC's. For the audit alone: `note` says why,
    `looked_at` is the case that was looked at, which the work is no part of.
    """

    kind: str
    name: str
    caller: Caller = SYSTEM
    region: str = ""
    language: str = "zh-CN"
    deadline: float = field(default_factory=lambda: time.monotonic() + DEFAULT_DEADLINE_S)
    case_number: str | None = None
    method: Method | None = None
    envelope: Envelope | None = None
    idempotency_key: str | None = None
    request: Any = None
    response: bytes | None = None
    note: str | None = None
    looked_at: str | None = None
    audited: bool = False
    transaction_open: bool = False

    @property
    def reading(self) -> bool:
        """The contract says that the work changes nothing."""
        return self.method is not None and not self.method.changing

    @property
    def event_id(self) -> str:
        """Id of the event that is being taken. LookupError in work of another kind."""
        if self.envelope is None:
            raise LookupError("no event is being taken")
        return self.envelope.id

    def remaining(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self.deadline - time.monotonic()


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job: its id, what was enqueued, and which try this is (from 1)."""

    id: str
    payload: dict[str, Any]
    attempt: int
    last: bool
    enqueued_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What is due: the name and key that it was set by, the moment it was set for, and which try this is (from 1)."""

    name: str
    key: str
    at: datetime
    attempt: int


class Retry(Exception):
    """A job asks to be tried again; `after_s` overrides the back-off.

    What it has written is undone, unless it asks to `keep` it: then it is committed, if the job is still its own.
    """

    def __init__(self, reason: str, after_s: float | None = None, *, keep: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s
        self.keep = keep


_current: ContextVar[Call | None] = ContextVar("egov_call", default=None)


def current_call() -> Call | None:
    """The work that this thread does now."""
    return _current.get()


@contextlib.contextmanager
def working_on(call: Call) -> Iterator[Call]:
    """Make `call` the work that this thread does now."""
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)


def outside_transaction(what: str) -> None:
    """Refuse to reach out of the process while a transaction is open: the answer may take long, the locks must not.

    Raises Refusal REMOTE_CALL_IN_TRANSACTION, an internal error: the service's code is wrong.
    """
    call = current_call()
    if call is not None and call.transaction_open:
        raise Refusal("REMOTE_CALL_IN_TRANSACTION", Kind.INTERNAL, params={"what": what})
