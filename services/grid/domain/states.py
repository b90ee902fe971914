"""The states of an incident, and the one table that says who leads it from which to which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class IncidentState(StrEnum):
    """Where an incident stands."""

    FILED = "FILED"
    DISPATCHED = "DISPATCHED"
    ACCEPTED = "ACCEPTED"
    HANDLED = "HANDLED"
    VERIFIED = "VERIFIED"
    CLOSED = "CLOSED"


class Command(StrEnum):
    """What can be asked of an incident that was filed."""

    DISPATCH = "DISPATCH"
    ACCEPT = "ACCEPT"
    RETURN = "RETURN"
    INSPECT = "INSPECT"
    """An inspection of it was opened."""
    HANDLE = "HANDLE"
    PASS = "PASS"
    REWORK = "REWORK"
    CLOSE = "CLOSE"
    DISMISS = "DISMISS"
    """Close it as a duplicate, or because nothing was found."""
    REOPEN = "REOPEN"
    ESCALATE = "ESCALATE"


class Who(StrEnum):
    """On whose behalf a command is given."""

    CENTRE = "CENTRE"
    """The county's grid centre."""
    DEPARTMENT = "DEPARTMENT"
    """The department in charge; an inspection speaks for its department."""
    REPORTER = "REPORTER"
    """Whoever reported it."""
    TIMER = "TIMER"
    """Nobody: time has passed."""


class Step(NamedTuple):
    """Where a command leads to, and who may give it."""

    to: IncidentState
    by: Who


_FILED, _DISPATCHED, _ACCEPTED = IncidentState.FILED, IncidentState.DISPATCHED, IncidentState.ACCEPTED
_HANDLED, _VERIFIED, _CLOSED = IncidentState.HANDLED, IncidentState.VERIFIED, IncidentState.CLOSED

TRANSITIONS: Mapping[tuple[IncidentState, Command], Step] = {
    (_FILED, Command.DISPATCH): Step(_DISPATCHED, Who.CENTRE),
    (_FILED, Command.DISMISS): Step(_CLOSED, Who.CENTRE),
    (_FILED, Command.ESCALATE): Step(_FILED, Who.TIMER),
    (_DISPATCHED, Command.DISPATCH): Step(_DISPATCHED, Who.CENTRE),
    (_DISPATCHED, Command.ACCEPT): Step(_ACCEPTED, Who.DEPARTMENT),
    (_DISPATCHED, Command.INSPECT): Step(_ACCEPTED, Who.DEPARTMENT),
    (_DISPATCHED, Command.RETURN): Step(_FILED, Who.DEPARTMENT),
    (_DISPATCHED, Command.DISMISS): Step(_CLOSED, Who.CENTRE),
    (_DISPATCHED, Command.ESCALATE): Step(_DISPATCHED, Who.TIMER),
    # A person may have accepted it before the inspection's event came.
    (_ACCEPTED, Command.INSPECT): Step(_ACCEPTED, Who.DEPARTMENT),
    (_ACCEPTED, Command.RETURN): Step(_FILED, Who.DEPARTMENT),
    (_ACCEPTED, Command.HANDLE): Step(_HANDLED, Who.DEPARTMENT),
    (_ACCEPTED, Command.ESCALATE): Step(_ACCEPTED, Who.TIMER),
    (_HANDLED, Command.PASS): Step(_VERIFIED, Who.CENTRE),
    (_HANDLED, Command.REWORK): Step(_ACCEPTED, Who.CENTRE),
    (_HANDLED, Command.ESCALATE): Step(_HANDLED, Who.TIMER),
    (_VERIFIED, Command.CLOSE): Step(_CLOSED, Who.CENTRE),
    (_VERIFIED, Command.DISMISS): Step(_CLOSED, Who.CENTRE),
    (_VERIFIED, Command.ESCALATE): Step(_VERIFIED, Who.TIMER),
    (_CLOSED, Command.REOPEN): Step(_FILED, Who.REPORTER),
}
"""(from, command) -> (to, by whom). What is not in the table is refused as WRONG_STATE."""


class ClosingOutcome(StrEnum):
    """How an incident ended."""

    HANDLED = "HANDLED"
    NOT_FOUND_ON_SITE = "NOT_FOUND_ON_SITE"
    DUPLICATE = "DUPLICATE"


class HandlingOutcome(StrEnum):
    """How an incident was handled: as its department said, or as an inspection ended."""

    REPORTED = "REPORTED"
    IN_ORDER = "IN_ORDER"
    RECTIFIED = "RECTIFIED"


class ReturnReason(StrEnum):
    """Why a department returned an incident."""

    NOT_OUR_DUTY = "NOT_OUR_DUTY"
    ELSEWHERE = "ELSEWHERE"
    UNCLEAR = "UNCLEAR"
