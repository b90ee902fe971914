"""What every call passes, outermost first. The list below is the whole order; there is no other place where calls pass.

Whatever refuses is seen by telemetry, mapped by errors and, once the caller is known, audited.
"""

from __future__ import annotations

from services.chassis.contract import Method
from services.chassis.interceptors.access import access
from services.chassis.interceptors.audit import audit
from services.chassis.interceptors.caller import caller
from services.chassis.interceptors.deadline import deadline
from services.chassis.interceptors.errors import errors
from services.chassis.interceptors.exchange import Desk, Interceptor, Step
from services.chassis.interceptors.telemetry import telemetry
from services.chassis.interceptors.validation import validation

INTERCEPTORS: tuple[Interceptor, ...] = (
    telemetry,
    errors,
    deadline,
    caller,
    audit,
    access,
    validation,
)


BEHIND_CALLER = INTERCEPTORS[INTERCEPTORS.index(caller) + 1 :]
"""What is left to pass once it is known who calls."""


def compose(method: Method, desk: Desk, innermost: Step, interceptors: tuple[Interceptor, ...] = INTERCEPTORS) -> Step:
    """The steps of one method as one function, made once at start."""
    step = innermost
    for interceptor in reversed(interceptors):
        step = interceptor(method, desk, step)
    return step
