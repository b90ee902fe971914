"""Deadline: work ends when nobody waits for it any more. Nothing queues past its deadline."""

from __future__ import annotations

import time

from services.chassis.call import DEFAULT_DEADLINE_S
from services.chassis.contract import Method
from services.chassis.interceptors.exchange import Desk, Exchange, Step
from services.kernel.errors import timed_out

LONGEST_S = 60.0


def deadline(method: Method, desk: Desk, proceed: Step) -> Step:
    """Gives the call its deadline: the caller's, at most a minute; ten seconds when it set none."""

    def step(exchange: Exchange) -> bytes:
        left = min(DEFAULT_DEADLINE_S if exchange.time_left is None else exchange.time_left, LONGEST_S)
        if left <= 0:
            raise timed_out()
        exchange.call.deadline = time.monotonic() + left
        return proceed(exchange)

    return step
