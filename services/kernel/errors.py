"""The one typed error of the backbone, and the short ways to make it.

A refusal says why in a machine-readable word, its reason; the words for people stand in `texts`. Neither the reason nor
the params ever hold a person's data or the value that was refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

Param = str | int
Params = Mapping[str, Param]

NO_PARAMS: Params = MappingProxyType({})


class Kind(Enum):
    """What a caller can do about a refusal. The chassis maps each kind to one gRPC status."""

    INVALID = "invalid"
    """The request itself is wrong; sending it again is useless."""
    FAILED_STATE = "failed_state"
    """Right in itself, but not in the state that things are in."""
    CONFLICT = "conflict"
    """Someone else was faster: read again, then try again."""
    NOT_FOUND = "not_found"
    """No such thing, or none that this caller may know of."""
    EXISTS = "exists"
    """It is there already."""
    DENIED = "denied"
    """The caller is known and may not."""
    UNAUTHENTICATED = "unauthenticated"
    """The caller is not known."""
    EXHAUSTED = "exhausted"
    """Too much at once; later it may work."""
    UNAVAILABLE = "unavailable"
    """A part is down; later it may work."""
    TIMED_OUT = "timed_out"
    """The caller's time was over first."""
    UNIMPLEMENTED = "unimplemented"
    """The method does not exist here."""
    INTERNAL = "internal"
    """A fault of ours; the caller can do nothing."""


class Violation(NamedTuple):
    """One field that breaks one rule.

    `field` is the path in the contract's names, such as `report.type.code` or `scopes[2]`; `rule` names a text of
    `texts`; `params` are facts of the rule, such as its limit, never of the value.
    """

    field: str
    rule: str
    params: Params = NO_PARAMS


class Refusal(Exception):
    """A request or an event is refused, for a stated reason.

    `reason` is UPPER_SNAKE and names a text of `texts`; `params` fill that text; `violations` name the fields at fault;
    `retry_after_s` is how many seconds a caller should wait before the next try, None when waiting does not help.
    """

    def __init__(
        self,
        reason: str,
        kind: Kind,
        *,
        violations: Sequence[Violation] = (),
        params: Params | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.violations = tuple(violations)
        self.params: Params = MappingProxyType(dict(params)) if params else NO_PARAMS
        self.retry_after_s = retry_after_s

    def __repr__(self) -> str:
        return f"Refusal({self.reason}, {self.kind.name})"


class NotYet(Exception):
    """For handlers of events only: what the event refers to is not here yet, so it waits and is tried again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def invalid(*violations: Violation) -> Refusal:
    """The request breaks rules of its fields; all of them are named at once."""
    return Refusal("INVALID_ARGUMENT", Kind.INVALID, violations=violations)


def failed_state(reason: str, /, **params: Param) -> Refusal:
    """The request is right in itself, but not in the state that things are in."""
    return Refusal(reason, Kind.FAILED_STATE, params=params)


def conflict(reason: str, /, *, retry_after_s: float | None = None, **params: Param) -> Refusal:
    """Someone else was faster."""
    return Refusal(reason, Kind.CONFLICT, params=params, retry_after_s=retry_after_s)


def not_found(reason: str = "NOT_FOUND", /, **params: Param) -> Refusal:
    """No such thing, or none that this caller may know of."""
    return Refusal(reason, Kind.NOT_FOUND, params=params)


def exists(reason: str, /, **params: Param) -> Refusal:
    """It is there already."""
    return Refusal(reason, Kind.EXISTS, params=params)


def denied(reason: str, /, **params: Param) -> Refusal:
    """The caller is known and may not."""
    return Refusal(reason, Kind.DENIED, params=params)


def unauthenticated(reason: str, /, **params: Param) -> Refusal:
    """The caller is not known."""
    return Refusal(reason, Kind.UNAUTHENTICATED, params=params)


def exhausted(reason: str = "OVERLOADED", /, *, retry_after_s: float | None = None, **params: Param) -> Refusal:
    """Too much at once."""
    return Refusal(reason, Kind.EXHAUSTED, params=params, retry_after_s=retry_after_s)


def unavailable(reason: str = "UNAVAILABLE", /, *, retry_after_s: float | None = None, **params: Param) -> Refusal:
    """A part is down."""
    return Refusal(reason, Kind.UNAVAILABLE, params=params, retry_after_s=retry_after_s)


def timed_out(reason: str = "DEADLINE_PASSED", /, **params: Param) -> Refusal:
    """The caller's time was over first."""
    return Refusal(reason, Kind.TIMED_OUT, params=params)


def unimplemented(reason: str = "UNIMPLEMENTED", /, **params: Param) -> Refusal:
    """The method does not exist here."""
    return Refusal(reason, Kind.UNIMPLEMENTED, params=params)


def internal(reason: str = "INTERNAL", /, **params: Param) -> Refusal:
    """A fault of ours. Says nothing of what it was: that is for the log."""
    return Refusal(reason, Kind.INTERNAL, params=params)
